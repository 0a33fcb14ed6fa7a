//! The packages of a release: archives with their sums, what installs them, npm packages, an Action, a list of what is
//! inside.
//!
//! Responsible for: the same bytes from the same parts, on every machine. Must not: read or write files, ask the clock,
//! or know what a target is called elsewhere: `templates/package/files.toml` says it.

mod archive;
mod sbom;
mod table;

use std::collections::BTreeMap;

use anyhow::Context as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::compile::platform::{environment, render};
use table::{File, Table};

/// A file of a package: its bytes and whether it may be run.
pub type Entry = (Vec<u8>, bool);

/// Everything that packages are made of.
pub struct Parts<'a> {
    /// The name on registries.
    pub name: &'a str,
    /// The name of the program.
    pub bin: &'a str,
    /// The version.
    pub version: &'a str,
    /// One line.
    pub description: &'a str,
    /// SPDX expression.
    pub license: &'a str,
    /// Where the archives will be; empty when nobody knows yet.
    pub base_url: &'a str,
    /// Programs by target triple.
    pub binaries: BTreeMap<String, Vec<u8>>,
    /// Completions and manual pages: what each archive holds besides, by path.
    pub extras: BTreeMap<String, Vec<u8>>,
    /// Texts by path: the templates, and the files that are copied.
    pub text: fn(&str) -> Option<&'static str>,
}

/// The packages by path below the output directory.
///
/// # Errors
/// A target that the table does not know, or a template that is broken.
pub fn assemble(parts: &Parts<'_>) -> anyhow::Result<BTreeMap<String, Entry>> {
    let table = Table::parse(template(parts, "package/files.toml")?)?;
    let mut files = BTreeMap::new();
    let mut targets = Vec::new();
    for triple in parts.binaries.keys() {
        let mut target = table.target(triple)?;
        let archive = format!("{}-{}-{triple}.tar.gz", parts.name, parts.version);
        let bytes = pack(parts, &table, &target)?;
        insert(&mut target, "sha256", json!(hex(&bytes)));
        insert(&mut target, "archive", json!(archive));
        files.insert(format!("release/{archive}"), (bytes, false));
        targets.push(target);
    }
    let context = context(parts, &targets);
    for file in table.file.iter().filter(|file| file.needs.is_empty() || !parts.base_url.is_empty()) {
        if file.each.is_empty() {
            files.extend([make(parts, file, &context, None)?]);
            continue;
        }
        for target in &targets {
            let mut context = context.clone();
            insert(&mut context, "target", target.clone());
            files.extend([make(parts, file, &context, Some(target))?]);
        }
    }
    let sbom = sbom::list(parts.name, parts.version, parts.license, parts.text)?;
    files.insert(format!("release/{}-{}.cdx.json", parts.name, parts.version), (sbom, false));
    let sums = sums(&files);
    files.insert("release/SHA256SUMS".to_owned(), (sums.into_bytes(), false));
    Ok(files)
}

/// The triples that the table knows.
///
/// # Errors
/// A broken table.
pub fn known_targets(text: &str) -> anyhow::Result<Vec<String>> {
    Ok(Table::parse(text)?.triples())
}

fn context(parts: &Parts<'_>, targets: &[Value]) -> Value {
    json!({
        "name": parts.name, "bin": parts.bin, "version": parts.version, "description": parts.description,
        "license": parts.license, "base_url": parts.base_url, "targets": targets,
    })
}

/// The archive of one target.
fn pack(parts: &Parts<'_>, table: &Table, target: &Value) -> anyhow::Result<Vec<u8>> {
    let mut context = context(parts, &[]);
    insert(&mut context, "target", target.clone());
    let mut files: BTreeMap<String, Entry> =
        parts.extras.iter().map(|(path, bytes)| (path.clone(), (bytes.clone(), false))).collect();
    for file in &table.archive {
        files.extend([make(parts, file, &context, Some(target))?]);
    }
    let triple = target.get("triple").and_then(Value::as_str).unwrap_or_default();
    archive::tar_gz(&format!("{}-{}-{triple}", parts.name, parts.version), &files)
}

/// One file of the table.
fn make(
    parts: &Parts<'_>,
    file: &File,
    context: &Value,
    target: Option<&Value>,
) -> anyhow::Result<(String, Entry)> {
    let path = fill(&file.path, context)?;
    if file.binary {
        let triple =
            target.and_then(|target| target.get("triple")).and_then(Value::as_str).unwrap_or_default();
        let bytes = parts.binaries.get(triple).cloned().unwrap_or_default();
        return Ok((path, (bytes, file.executable)));
    }
    if !file.copy.is_empty() {
        let text = (parts.text)(&file.copy)
            .with_context(|| format!("`{}` is not inside this program", file.copy))?;
        return Ok((path, (text.as_bytes().to_vec(), file.executable)));
    }
    let text = fill(template(parts, &file.template)?, context)
        .with_context(|| format!("failed to make `{path}`"))?;
    let text = if path.ends_with(".json") { pretty(&path, &text)? } else { text };
    Ok((path, (text.into_bytes(), file.executable)))
}

fn template(parts: &Parts<'_>, name: &str) -> anyhow::Result<&'static str> {
    (parts.text)(&format!("templates/{name}")).with_context(|| format!("there is no template `{name}`"))
}

fn fill(template: &str, context: &Value) -> anyhow::Result<String> {
    render(&environment(), template, minijinja::Value::from(minijinja::value::Serde(context)))
        .map_err(|(message, line)| anyhow::anyhow!("line {line}: {message}"))
}

/// JSON is printed again: a template that yields broken text is noticed here.
fn pretty(path: &str, text: &str) -> anyhow::Result<String> {
    let value: Value = serde_json::from_str(text).with_context(|| format!("`{path}`"))?;
    Ok(serde_json::to_string_pretty(&value)? + "\n")
}

/// One line a file of the release, as `sha256sum` writes and reads it.
fn sums(files: &BTreeMap<String, Entry>) -> String {
    let release = files.iter().filter_map(|(path, entry)| Some((path.strip_prefix("release/")?, entry)));
    release.map(|(name, (bytes, _))| format!("{}  {name}\n", hex(bytes))).collect()
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn insert(object: &mut Value, key: &str, value: Value) {
    if let Some(map) = object.as_object_mut() {
        map.insert(key.to_owned(), value);
    }
}
