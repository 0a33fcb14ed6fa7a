#!/usr/bin/env node
// Starts the program that came with the package for this machine. Nothing is fetched, and nothing ran at install time.
"use strict";
const { spawnSync } = require("node:child_process");
const { constants } = require("node:os");

const name = `{{ name }}-${process.platform}-${process.arch}`;
const file = `bin/{{ bin }}${process.platform === "win32" ? ".exe" : ""}`;
let program;
try {
  program = require.resolve(`${name}/${file}`);
} catch {
  console.error(`{{ bin }}: the package ${name} is not installed: there is none for this machine, or optional packages were left out`);
  process.exit(2);
}
const ran = spawnSync(program, process.argv.slice(2), { stdio: "inherit" });
if (ran.error) {
  console.error(`{{ bin }}: ${program}: ${ran.error.message}`);
  process.exit(2);
}
process.exit(ran.signal ? 128 + (constants.signals[ran.signal] || 0) : ran.status);
