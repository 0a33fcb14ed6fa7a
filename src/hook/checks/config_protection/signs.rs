//! What loosens a check, in which files. A sign that is a matter of taste has no place here.

/// One sign.
pub(super) struct Sign {
    /// Names of files, ends of names behind `*`, or parts of paths.
    pub(super) files: &'static [&'static str],
    /// What an edit of such a file does.
    pub(super) what: What,
    /// What that means, as a clause about the edit.
    pub(super) meaning: &'static str,
}

/// What an edit does to a text.
pub(super) enum What {
    /// One of these stands there more often than before.
    Added(&'static [&'static str]),
    /// One of these stands there less often than before.
    TakenOut(&'static [&'static str]),
    /// A number behind one of these keys became smaller, or is gone.
    Lowered(&'static [&'static str]),
    /// A number behind one of these keys became larger.
    Raised(&'static [&'static str]),
}

use What::{Added, Lowered, Raised, TakenOut};

const JS: &[&str] =
    &["*.js", "*.jsx", "*.ts", "*.tsx", "*.mjs", "*.cjs", "*.mts", "*.cts", "*.vue", "*.svelte"];
const JS_LINT: &[&str] = &[
    "eslint.config.js",
    "eslint.config.mjs",
    "eslint.config.cjs",
    "eslint.config.ts",
    ".eslintrc",
    ".eslintrc.js",
    ".eslintrc.cjs",
    ".eslintrc.json",
    ".eslintrc.yml",
    ".eslintrc.yaml",
    "biome.json",
    "biome.jsonc",
    ".oxlintrc.json",
    "package.json",
];
const JS_COVERAGE: &[&str] = &[
    "jest.config.js",
    "jest.config.ts",
    "jest.config.mjs",
    "jest.config.cjs",
    "vitest.config.ts",
    "vitest.config.js",
    "vitest.config.mts",
    "vite.config.ts",
    "vite.config.js",
    ".nycrc",
    ".nycrc.json",
    ".c8rc.json",
    "package.json",
];
const PY: &[&str] = &["*.py", "*.pyi"];
const PY_CONFIG: &[&str] = &[
    "pyproject.toml",
    "setup.cfg",
    "tox.ini",
    "mypy.ini",
    ".mypy.ini",
    "pytest.ini",
    ".coveragerc",
    "ruff.toml",
    ".ruff.toml",
    ".flake8",
    ".pylintrc",
    "pyrightconfig.json",
];
const RUST_CONFIG: &[&str] = &["Cargo.toml", "lib.rs", "main.rs", "config.toml"];
const GO_LINT: &[&str] = &[".golangci.yml", ".golangci.yaml", ".golangci.toml"];
const CI: &[&str] = &[
    ".github/workflows/",
    ".gitlab-ci.yml",
    ".circleci/config.yml",
    "azure-pipelines.yml",
    "Jenkinsfile",
    ".travis.yml",
    "bitbucket-pipelines.yml",
    ".pre-commit-config.yaml",
    ".buildkite/",
    ".woodpecker/",
    "lefthook.yml",
];
const INSTRUCTIONS: &[&str] = &["CLAUDE.md", "AGENTS.md"];

/// All signs.
#[rustfmt::skip]
pub(super) const SIGNS: &[Sign] = &[
    // Ignore markers in source.
    Sign { files: JS, meaning: "silences a check in the code",
        what: Added(&["eslint-disable", "@ts-ignore", "@ts-nocheck", "@ts-expect-error", "biome-ignore", "oxlint-disable",
            "istanbul ignore", "c8 ignore", "v8 ignore"]) },
    Sign { files: PY, meaning: "silences a check in the code",
        what: Added(&["# noqa", "# type: ignore", "# pyright: ignore", "# pylint: disable", "# pragma: no cover",
            "# nosec", "# ruff: noqa", "# mypy: ignore-errors"]) },
    Sign { files: &["*.rs"], meaning: "silences a check in the code", what: Added(&["#[allow(", "#![allow("]) },
    Sign { files: &["*.go"], meaning: "silences a check in the code", what: Added(&["//nolint", "// nolint", "//lint:ignore"]) },
    // Tests switched off.
    Sign { files: JS, meaning: "switches tests off",
        what: Added(&["it.skip(", "test.skip(", "describe.skip(", "xit(", "xdescribe(", "it.only(", "test.only(", "describe.only("]) },
    Sign { files: PY, meaning: "switches tests off",
        what: Added(&["pytest.mark.skip", "pytest.mark.xfail", "unittest.skip", "pytest.skip("]) },
    Sign { files: &["*.rs"], meaning: "switches tests off", what: Added(&["#[ignore"]) },
    Sign { files: &["*_test.go"], meaning: "switches tests off", what: Added(&["t.Skip("]) },
    // Lint rules and strict flags.
    Sign { files: JS_LINT, meaning: "switches lint rules off",
        what: Added(&["'off'", "\"off\"", ": 0,", "\"ignorePatterns\"", "--no-eslintrc", "--quiet"]) },
    Sign { files: &["tsconfig.json", "*tsconfig.json", "tsconfig.base.json", "tsconfig.build.json", "jsconfig.json"],
        meaning: "drops strict flags of the compiler",
        what: TakenOut(&["\"strict\": true", "\"strict\":true", "\"noImplicitAny\": true", "\"noImplicitAny\":true",
            "\"strictNullChecks\": true", "\"noUncheckedIndexedAccess\": true", "\"noUnusedLocals\": true",
            "\"noImplicitReturns\": true", "\"exactOptionalPropertyTypes\": true"]) },
    Sign { files: PY_CONFIG, meaning: "switches lint rules off",
        what: Added(&["ignore = [", "ignore=", "extend-ignore", "per-file-ignores", "disable=", "disable = ",
            "ignore_errors = true", "ignore_missing_imports = true", "disable_error_code"]) },
    Sign { files: PY_CONFIG, meaning: "drops strict flags",
        what: TakenOut(&["strict = true", "disallow_untyped_defs = true", "warn_unused_ignores = true",
            "warn_return_any = true", "\"typeCheckingMode\": \"strict\"", "--strict-markers", "-W error"]) },
    Sign { files: RUST_CONFIG, meaning: "loosens lints",
        what: TakenOut(&["\"forbid\"", "\"deny\"", "#![forbid(", "#![deny(", "-D warnings", "-Dwarnings"]) },
    Sign { files: RUST_CONFIG, meaning: "loosens lints", what: Added(&["-A warnings", "--cap-lints"]) },
    Sign { files: &["clippy.toml", ".clippy.toml"], meaning: "raises a lint's limit", what: Raised(&["threshold = ", "threshold="]) },
    Sign { files: GO_LINT, meaning: "switches lint rules off",
        what: Added(&["disable:", "exclude-rules:", "exclude:", "disable-all: true", "exclude-dirs:"]) },
    // Coverage floors.
    Sign { files: JS_COVERAGE, meaning: "lowers the coverage floor",
        what: Lowered(&["branches", "functions", "lines", "statements"]) },
    Sign { files: PY_CONFIG, meaning: "lowers the coverage floor", what: Lowered(&["fail_under", "cov-fail-under", "--fail-under"]) },
    Sign { files: &["codecov.yml", ".codecov.yml", "tarpaulin.toml", ".tarpaulin.toml"], meaning: "lowers the coverage floor",
        what: Lowered(&["target", "fail-under"]) },
    // CI.
    Sign { files: CI, meaning: "lets a CI step fail unseen",
        what: Added(&["continue-on-error: true", "allow_failure: true", "|| true", "if: false", "|| exit 0", "set +e"]) },
    Sign { files: CI, meaning: "takes a check out of CI",
        what: TakenOut(&["cargo test", "cargo clippy", "cargo fmt", "cargo deny", "pytest", "ruff", "mypy", "pyright", "tox",
            "go test", "go vet", "golangci", "npm test", "run test", "run lint", "run typecheck", "npm run check",
            "eslint", "tsc ", "vitest", "jest", "make test", "make lint", "make check", "gradlew test", "mvn test",
            "mvn verify", "-D warnings", "pre-commit run"]) },
    // Our own.
    Sign { files: INSTRUCTIONS, meaning: "loosens the session's own enforcement",
        what: Added(&["enforcement: off", "enforcement: warn", "enforcement:** off", "enforcement:** warn",
            "allow-destructive-ops: true", "allow-destructive-ops:** true", "allow-config-weakening: true",
            "allow-config-weakening:** true"]) },
];
