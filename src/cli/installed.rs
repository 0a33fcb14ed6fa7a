//! What is installed here, source by source, and each source compiled anew from where it came.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::error::hinted;
use super::install;
use super::source::Source;
use crate::compile::artifact::ArtifactSet;
use crate::compile::platform::{Platform, Scope};
use crate::install::lock::{self, Lock, Locks};
use crate::install::plan::{self, Request};
use crate::install::target::Roots;

/// The platforms of one source that are planned together.
pub(super) struct Installed {
    pub(super) name: String,
    pub(super) origin: String,
    pub(super) version: String,
    pub(super) scopes: BTreeMap<String, Scope>,
    /// Those whose agents may run `so` without a question.
    unasked: BTreeSet<String>,
}

/// A source compiled for what is installed of it.
pub(super) struct Compiled {
    pub(super) source: Source,
    pub(super) want: ArtifactSet,
    scopes: BTreeMap<String, Scope>,
    unasked: BTreeSet<String>,
}

/// Everything that is installed here. A source that a project and a person have in two scopes for one platform comes
/// twice.
pub(super) fn all(locks: &Locks, roots: &Roots, platforms: &[Platform]) -> Vec<Installed> {
    let mut found: Vec<Installed> = Vec::new();
    if let Some((_, lock)) = &locks.project {
        for (name, section) in &lock.sources {
            let scopes = install::installed(locks, name, platforms);
            push(&mut found, lock, name, scopes, &section.origin, roots);
        }
    }
    let project = roots.project.as_ref().map(|project| project.to_string_lossy().into_owned());
    for (name, section) in &locks.user.1.sources {
        let here = |used: &lock::Use| {
            used.everywhere || project.as_ref().is_some_and(|project| used.projects.contains(project))
        };
        let used = section.platforms.iter().filter(|(_, used)| here(used));
        let scopes = used.filter_map(|(id, used)| {
            let platform = platforms.iter().find(|platform| platform.id == *id)?;
            Some((id.clone(), install::scope_in(platform, used.scope)))
        });
        push(&mut found, &locks.user.1, name, scopes.collect(), &section.origin, roots);
    }
    for one in &mut found {
        one.unasked = unasked(locks, &one.name);
    }
    found
}

/// The platforms for which the person lets agents run `so` without a question.
pub(super) fn unasked(locks: &Locks, source: &str) -> BTreeSet<String> {
    let uses = locks.user.1.sources.get(source).into_iter().flat_map(|section| &section.platforms);
    uses.filter(|(_, used)| used.unasked).map(|(id, _)| id.clone()).collect()
}

/// What is installed here of one source: the one that the tree in `dir` is, the one called `name`, or all.
pub(super) fn of(
    locks: &Locks,
    roots: &Roots,
    platforms: &[Platform],
    dir: Option<&Path>,
    name: Option<&String>,
) -> anyhow::Result<Vec<Installed>> {
    let name = match dir {
        Some(dir) => Some(Source::load(Some(dir))?.plugin.manifest.name),
        None => name.cloned(),
    };
    let mut found = all(locks, roots, platforms);
    found.retain(|one| name.as_ref().is_none_or(|name| one.name == *name));
    Ok(found)
}

/// The directory that a lock names; `./` stands for the project.
pub(super) fn directory(origin: &str, roots: &Roots) -> Option<PathBuf> {
    let below = origin.strip_prefix("./").and_then(|below| Some(roots.project.as_ref()?.join(below)));
    (origin != "built in").then(|| below.unwrap_or_else(|| PathBuf::from(origin)))
}

fn push(
    found: &mut Vec<Installed>,
    lock: &Lock,
    name: &str,
    scopes: BTreeMap<String, Scope>,
    origin: &str,
    roots: &Roots,
) {
    let version = lock.sources.get(name).map(|section| section.version.clone()).unwrap_or_default();
    let mut rest = BTreeMap::new();
    let at = directory(origin, roots);
    let mut same = found.iter_mut().find(|other| other.name == name && directory(&other.origin, roots) == at);
    for (id, scope) in scopes {
        match same.as_mut().map(|same| same.scopes.get(&id).copied()) {
            Some(Some(known)) if known == scope => {}
            Some(None) => drop(same.as_mut().map(|same| same.scopes.insert(id, scope))),
            Some(Some(_)) | None => drop(rest.insert(id, scope)),
        }
    }
    if !rest.is_empty() {
        let (name, origin) = (name.to_owned(), origin.to_owned());
        found.push(Installed { name, origin, version, scopes: rest, unasked: BTreeSet::new() });
    }
}

impl Installed {
    /// Compiles the source, from `dir` instead of its origin when that is given.
    pub(super) fn compile(
        &self,
        dir: Option<&Path>,
        platforms: &[Platform],
        roots: &Roots,
    ) -> anyhow::Result<Compiled> {
        let dir = dir.map(Path::to_path_buf).or_else(|| directory(&self.origin, roots));
        if let Some(dir) = dir.as_ref().filter(|dir| !dir.exists()) {
            let message =
                format!("`{}` was installed from `{}`, which is not there", self.name, dir.display());
            return Err(hinted(message, "say where it is now: --source DIR"));
        }
        let mut source = Source::load(dir.as_deref())?;
        if source.plugin.manifest.name != self.name {
            let message =
                format!("`{}` is installed, this tree is `{}`", self.name, source.plugin.manifest.name);
            return Err(hinted(message, "so install --source DIR installs another one beside it"));
        }
        let want = install::emit(&mut source, platforms, &self.scopes, roots, &self.unasked)?;
        if source.findings.has_errors() {
            let message = format!("`{}` cannot be compiled: {}", self.name, source.count());
            return Err(hinted(message, format!("so check --source {} shows them", source.tree.origin)));
        }
        Ok(Compiled { source, want, scopes: self.scopes.clone(), unasked: self.unasked.clone() })
    }
}

impl Compiled {
    /// A request for all of it.
    pub(super) fn request(&self) -> Request<'_> {
        let scopes = self.scopes.iter();
        Request {
            platforms: scopes.map(|(id, scope)| (id.clone(), install::lock_scope(*scope))).collect(),
            unasked: self.unasked.clone(),
            ..self.request_for_none()
        }
    }

    /// A request that leaves the record of who uses it alone.
    pub(super) fn request_for_none(&self) -> Request<'_> {
        let renamed = self.source.plugin.manifest.renamed.clone();
        Request { renamed, ..Request::new(self.lock_source(), &self.want) }
    }

    pub(super) fn lock_source(&self) -> plan::Source {
        install::lock_source(&self.source)
    }
}

impl Installed {
    /// The source, its version now and then, and where it came from.
    pub(super) fn heading(&self, version: &str) -> String {
        let Self { name, origin, .. } = self;
        if *version == self.version {
            format!("{name} {version} ({origin})")
        } else {
            format!("{name} {} → {version} ({origin})", self.version)
        }
    }
}
