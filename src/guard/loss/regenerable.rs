//! Directories and files that a toolchain makes again by itself.

use std::path::{Path, PathBuf};

use crate::guard::{Call, Context};

/// A directory and the files beside it that prove the toolchain; no files: the name alone is proof.
struct Built {
    name: &'static str,
    beside: &'static [&'static str],
    /// Only where git ignores it: people give such names to their own directories too.
    ignored_only: bool,
}

const fn built(name: &'static str, beside: &'static [&'static str], ignored_only: bool) -> Built {
    Built { name, beside, ignored_only }
}

const JS: &[&str] = &["package.json", "deno.json"];
const PYTHON: &[&str] =
    &["pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "uv.lock", "Pipfile", "tox.ini"];
const ANY: &[&str] = &[
    "package.json",
    "deno.json",
    "pyproject.toml",
    "setup.py",
    "Makefile",
    "CMakeLists.txt",
    "build.gradle",
    "build.gradle.kts",
    "meson.build",
    "pubspec.yaml",
    "Package.swift",
    "mix.exs",
    "go.mod",
    "Cargo.toml",
    "composer.json",
];

const BUILT: &[Built] = &[
    built("target", &["Cargo.toml", "pom.xml", "build.sbt"], false),
    built("node_modules", JS, false),
    built("__pycache__", &[], false),
    built(".pytest_cache", &[], false),
    built(".mypy_cache", &[], false),
    built(".ruff_cache", &[], false),
    built(".hypothesis", PYTHON, true),
    built(".tox", PYTHON, false),
    built(".nox", PYTHON, false),
    built(".venv", PYTHON, false),
    built("venv", PYTHON, true),
    built("htmlcov", PYTHON, true),
    built(".eggs", PYTHON, false),
    built(".next", JS, false),
    built(".nuxt", JS, false),
    built(".svelte-kit", JS, false),
    built(".turbo", JS, false),
    built(".parcel-cache", JS, false),
    built(".angular", JS, true),
    built(".vite", JS, false),
    built(".cache", JS, true),
    built("coverage", ANY, true),
    built("dist", ANY, true),
    built("build", ANY, true),
    built("out", ANY, true),
    built("_build", &["mix.exs", "rebar.config", "dune-project"], false),
    built("deps", &["mix.exs"], true),
    built(".gradle", &["build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts"], false),
    built("bin", &["*.csproj"], true),
    built("obj", &["*.csproj"], true),
    built("zig-out", &["build.zig"], false),
    built(".zig-cache", &["build.zig"], false),
    built("zig-cache", &["build.zig"], false),
    built(".dart_tool", &["pubspec.yaml"], false),
    built("DerivedData", &["Package.swift"], true),
    built(".build", &["Package.swift"], false),
];

/// Names that people give to directories of their own too, ignored or not.
const AMBIGUOUS: &[&str] = &["bin", "obj", "deps", "out", ".cache", "coverage"];

/// Files that are made again or worth nothing, wherever they lie.
const FILES: &[&str] = &[
    "*.pyc",
    "*.pyo",
    "*.class",
    "*.py[co]",
    "*~",
    ".coverage.*",
    "*.o",
    "*.obj",
    ".DS_Store",
    "Thumbs.db",
    "*.tsbuildinfo",
    ".coverage",
    "nohup.out",
];

/// Where all programs of a person have their caches, each in a directory of its own.
const SHARED_CACHES: &[&str] = &[".cache", "Library/Caches"];

/// Caches in the home: what programs fetch or compute again when it is gone. Builds that were only put there by hand,
/// models that cost a day: still had again.
const CACHES: &[&str] = &[
    ".npm/_cacache",
    ".npm/_npx",
    ".cargo/registry",
    ".cargo/git",
    ".gradle/caches",
    ".bun/install/cache",
    ".gradle/daemon",
    ".pnpm-store",
    ".local/share/pnpm/store",
    ".yarn/berry/cache",
    ".zcompcache",
    ".zcompdump",
    "go/pkg/mod",
    "Library/pnpm/store",
    "Library/Developer/Xcode/DerivedData",
];

/// Caches of the system's package managers: the next update fetches them again.
const SYSTEM_CACHES: &[&str] =
    &["/var/lib/apt/lists", "/var/cache/apt", "/var/cache/dnf", "/var/cache/yum", "/var/cache/apk"];

/// Whether `path` lies in a cache: not the directory of all caches itself.
pub(in crate::guard) fn cache(path: &Path, context: &Context) -> bool {
    let inside = |dir: &Path| path.starts_with(dir) && path != dir;
    let mine = context.home.as_deref().is_some_and(|home| {
        CACHES.iter().any(|dir| path.starts_with(home.join(dir)))
            || SHARED_CACHES.iter().any(|dir| inside(&home.join(dir)))
    });
    mine || SYSTEM_CACHES.iter().any(|dir| path.starts_with(dir))
}

/// `$(brew --cache)`, `$(go env GOCACHE)`: where a program has what it fetches and computes again.
pub(in crate::guard) fn told(call: &Call<'_>) -> Option<PathBuf> {
    const TELL: &[(&str, &[&str])] = &[
        ("brew", &["--cache"]),
        ("ccache", &["-k", "cache_dir"]),
        ("composer", &["config", "cache-dir"]),
        ("go", &["env", "GOCACHE"]),
        ("go", &["env", "GOMODCACHE"]),
        ("npm", &["config", "get", "cache"]),
        ("pip", &["cache", "dir"]),
        ("pip3", &["cache", "dir"]),
        ("pnpm", &["store", "path"]),
        ("poetry", &["config", "cache-dir"]),
        ("uv", &["cache", "dir"]),
        ("yarn", &["cache", "dir"]),
    ];
    let said = |words: &[&str]| words.iter().copied().eq(call.args.iter().map(|arg| arg.text.as_str()));
    let tells = TELL.iter().any(|(name, words)| *name == call.name && said(words));
    let home = call.context.home.as_deref().filter(|_| tells)?;
    Some(home.join(".cache").join(call.name).join("cache"))
}

/// Whether the toolchain around `path` makes it again. `ignored` tells whether git ignores a path.
pub(in crate::guard) fn is(path: &Path, project: &Path, ignored: impl Fn(&Path) -> bool) -> bool {
    if path.file_name().and_then(|name| name.to_str()).is_some_and(file_name) {
        return true;
    }
    path.ancestors()
        .take_while(|dir| dir.starts_with(project) && *dir != project)
        .any(|dir| directory(dir, project, &ignored))
}

/// Whether files with this name, or matching this pattern, are made again.
pub(in crate::guard) fn file_name(name: &str) -> bool {
    FILES.iter().any(|pattern| crate::guard::names::matches(pattern, name) || *pattern == name)
}

/// Whether directories with this name are made again in `project`.
pub(super) fn directory_name(name: &str, project: &Path) -> bool {
    BUILT.iter().any(|built| built.name == name && !built.ignored_only && proven(built, project))
}

fn directory(dir: &Path, project: &Path, ignored: &impl Fn(&Path) -> bool) -> bool {
    let Some(name) = dir.file_name().and_then(|name| name.to_str()) else { return false };
    let Some(built) = BUILT.iter().find(|built| built.name == name) else { return false };
    let own = matches!(name, "venv" | ".venv") && dir.exists() && !dir.join("pyvenv.cfg").exists();
    if own {
        return false;
    }
    // A name that says it all, in a project that ignores it: no manifest has to prove it.
    let said = !AMBIGUOUS.contains(&name);
    let beside = || dir.parent().is_some_and(|parent| proven(built, parent)) || proven(built, project);
    if built.ignored_only { ignored(dir) && (said || beside()) } else { beside() || (said && ignored(dir)) }
}

fn proven(built: &Built, dir: &Path) -> bool {
    built.beside.is_empty()
        || built.beside.iter().any(|file| match file.strip_prefix('*') {
            Some(ending) => std::fs::read_dir(dir).is_ok_and(|entries| {
                entries
                    .flatten()
                    .take(1_000)
                    .any(|entry| entry.file_name().to_string_lossy().ends_with(ending))
            }),
            None => dir.join(file).is_file(),
        })
}
