//! What is inside the program: the crates that it links, out of `Cargo.lock`, in the `CycloneDX` 1.5 form.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use serde_json::{Value, json};
use toml_edit::{Document, Item, Table};

/// One package of the lock file.
#[derive(Debug, Clone)]
struct Package {
    version: String,
    checksum: Option<String>,
    dependencies: Vec<String>,
}

type Packages = BTreeMap<(String, String), Package>;

/// The list as JSON. No time and no serial number: the same lock file gives the same bytes.
pub(super) fn list(
    name: &str,
    version: &str,
    license: &str,
    text: fn(&str) -> Option<&'static str>,
) -> anyhow::Result<Vec<u8>> {
    let file = |path: &str| text(path).with_context(|| format!("`{path}` is not inside this program"));
    let packages = packages(file("Cargo.lock")?)?;
    let linked = reachable(&packages, direct(file("Cargo.toml")?)?);
    let component = |key: &(String, String)| {
        let (name, version) = key;
        let mut component = json!({
            "type": "library", "name": name, "version": version, "bom-ref": reference(key),
            "purl": format!("pkg:cargo/{name}@{version}"),
        });
        let checksum = packages.get(key).and_then(|package| package.checksum.as_ref());
        if let (Some(checksum), Some(map)) = (checksum, component.as_object_mut()) {
            map.insert("hashes".into(), json!([{"alg": "SHA-256", "content": checksum}]));
        }
        component
    };
    let components: Vec<Value> = linked.iter().map(component).collect();
    let edges = linked.iter().filter_map(|key| {
        let on: Vec<_> = packages
            .get(key)?
            .dependencies
            .iter()
            .filter_map(|name| resolve(&packages, name))
            .filter(|key| linked.contains(key))
            .map(|key| reference(&key))
            .collect();
        Some(json!({"ref": reference(key), "dependsOn": on}))
    });
    let bom = json!({
        "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
        "metadata": {"component": {
            "type": "application", "name": name, "version": version, "bom-ref": name,
            "licenses": [{"license": {"id": license}}],
        }},
        "components": components,
        "dependencies": edges.collect::<Vec<_>>(),
    });
    let mut bytes = serde_json::to_vec_pretty(&bom)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn reference(key: &(String, String)) -> String {
    format!("{}@{}", key.0, key.1)
}

fn packages(lock: &str) -> anyhow::Result<Packages> {
    let document = Document::parse(lock).context("Cargo.lock")?;
    let list =
        document.get("package").and_then(Item::as_array_of_tables).context("Cargo.lock names no package")?;
    let text = |table: &Table, key: &str| table.get(key).and_then(Item::as_str).map(str::to_owned);
    let one = |table: &Table| {
        let (name, version) = (text(table, "name")?, text(table, "version")?);
        let dependencies = table.get("dependencies").and_then(Item::as_array).into_iter().flatten();
        let dependencies = dependencies.filter_map(|one| one.as_str().map(str::to_owned)).collect();
        let package = Package { version: version.clone(), checksum: text(table, "checksum"), dependencies };
        Some(((name, version), package))
    };
    Ok(list.iter().filter_map(one).collect())
}

/// What the manifest asks for outside of tests, by the names that the lock file uses.
fn direct(manifest: &str) -> anyhow::Result<Vec<String>> {
    let document = Document::parse(manifest).context("Cargo.toml")?;
    let targets = document.get("target").and_then(Item::as_table).into_iter().flat_map(Table::iter);
    let tables =
        targets.filter_map(|(_, table)| table.get("dependencies")).chain(document.get("dependencies"));
    let named = |(name, wanted): (&str, &Item)| {
        let package = wanted.get("package").and_then(Item::as_str);
        package.unwrap_or(name).to_owned()
    };
    Ok(tables.filter_map(Item::as_table).flat_map(|table| table.iter().map(named)).collect())
}

/// `name` or `name version` of the lock file.
fn resolve(packages: &Packages, wanted: &str) -> Option<(String, String)> {
    let (name, version) = wanted.split_once(' ').unwrap_or((wanted, ""));
    let mut fits = packages
        .iter()
        .filter(|((known, _), package)| known == name && (version.is_empty() || package.version == version));
    fits.next().map(|(key, _)| key.clone())
}

/// What is linked: `first`, and all that it depends on.
fn reachable(packages: &Packages, first: Vec<String>) -> BTreeSet<(String, String)> {
    let mut open = first;
    let mut met = BTreeSet::new();
    while let Some(name) = open.pop() {
        let Some(key) = resolve(packages, &name) else { continue };
        if met.insert(key.clone()) {
            open.extend(packages.get(&key).into_iter().flat_map(|package| package.dependencies.clone()));
        }
    }
    met
}
