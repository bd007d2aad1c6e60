//! The manifest of the small program.
//!
//! In: the selected packages. Out: a manifest that depends on them and on exactly their mp-runtime,
//! with the patches and profiles of their workspace, so that cargo builds the same as for the user.

use std::fs;
use std::path::Path;

use toml::{Table, Value};

use crate::Failure;
use crate::metadata::Runtime;
use crate::selection::Selected;

/// The text of the manifest.
pub(super) fn text(selected: &Selected) -> Result<String, Failure> {
    let mut dependencies = Table::new();
    dependencies.insert("mp-runtime".into(), requirement(&selected.runtime).into());
    for package in selected.packages() {
        let mut table = table([("path", path(package.folder()))]);
        table.insert("default-features".into(), false.into());
        table.insert("features".into(), package.features.clone().into());
        dependencies.insert(package.name.clone(), table.into());
    }
    let mut package = table([
        ("name", "mpgen-schema-driver".into()),
        ("version", "0.0.0".into()),
        ("edition", "2024".into()),
    ]);
    package.insert("publish".into(), false.into());
    let mut manifest = Table::new();
    manifest.insert("package".into(), package.into());
    // A workspace of its own, although it stands in the folder of the user's.
    manifest.insert("workspace".into(), Table::new().into());
    manifest.insert("dependencies".into(), dependencies.into());
    inherit(&mut manifest, &selected.workspace.folder)?;
    Ok(format!("# Written by `mpgen`, which overwrites it.\n{manifest}"))
}

/// Takes over what only the manifest of a workspace can say.
fn inherit(manifest: &mut Table, workspace: &Path) -> Result<(), Failure> {
    let file = workspace.join("Cargo.toml");
    let cannot = |error: String| {
        Failure::cannot(
            format!("cannot read {}: {error}", file.display()),
            "mpgen needs the patches and profiles in it; make it readable",
        )
    };
    let text = fs::read_to_string(&file).map_err(|error| cannot(error.to_string()))?;
    let mut users: Table = text.parse().map_err(|error: toml::de::Error| cannot(error.to_string()))?;
    if let Some(profiles) = users.remove("profile") {
        manifest.insert("profile".into(), profiles);
    }
    let Some(Value::Table(mut patches)) = users.remove("patch") else { return Ok(()) };
    for (_, patched) in &mut patches {
        for (_, patch) in patched.as_table_mut().into_iter().flatten() {
            if let Some(Value::String(folder)) = patch.get_mut("path") {
                *folder = workspace.join(&*folder).display().to_string();
            }
        }
    }
    manifest.insert("patch".into(), patches.into());
    Ok(())
}

/// The dependency on exactly this mp-runtime. The features are those that the packages choose.
fn requirement(runtime: &Runtime) -> Table {
    let version = format!("={}", runtime.version);
    let mut requirement = match runtime.source.as_deref() {
        None => table([("path", path(&runtime.folder))]),
        Some("registry+https://github.com/rust-lang/crates.io-index") => table([("version", version.into())]),
        Some(source) => match source.strip_prefix("git+") {
            Some(source) => repository(source),
            None => {
                let index = source.strip_prefix("registry+").unwrap_or(source);
                table([("version", version.into()), ("registry-index", index.into())])
            }
        },
    };
    requirement.insert("default-features".into(), false.into());
    requirement
}

/// A source like `https://host/repository?branch=main#0123abcd`.
fn repository(source: &str) -> Table {
    let source = source.split_once('#').map_or(source, |(source, _)| source);
    let (url, query) = source.split_once('?').unwrap_or((source, ""));
    let mut requirement = table([("git", url.into())]);
    if let Some((kind @ ("branch" | "tag" | "rev"), value)) = query.split_once('=') {
        requirement.insert(kind.into(), value.into());
    }
    requirement
}

fn table<const N: usize>(entries: [(&str, Value); N]) -> Table {
    entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn path(path: &Path) -> Value {
    path.display().to_string().into()
}

#[cfg(test)]
mod tests {
    use super::{Runtime, inherit, requirement};
    use toml::Table;

    fn of(source: Option<&str>) -> String {
        let source = source.map(str::to_owned);
        let requirement = requirement(&Runtime { folder: "/r".into(), version: "1.2.3".into(), source });
        let text = requirement.to_string();
        assert!(text.contains("default-features = false\n"), "{text}");
        text.replace("default-features = false\n", "").trim_end().to_owned()
    }

    #[test]
    fn mp_runtime_is_named_by_its_source() {
        assert_eq!(of(None), r#"path = "/r""#);
        assert_eq!(
            of(Some("registry+https://github.com/rust-lang/crates.io-index")),
            r#"version = "=1.2.3""#
        );
        assert_eq!(
            of(Some("sparse+https://crates.example/")),
            "registry-index = \"sparse+https://crates.example/\"\nversion = \"=1.2.3\""
        );
        assert_eq!(
            of(Some("git+https://git.example/r?branch=main#0123")),
            "branch = \"main\"\ngit = \"https://git.example/r\""
        );
        assert_eq!(of(Some("git+https://git.example/r#0123")), r#"git = "https://git.example/r""#);
    }

    #[test]
    fn patches_and_profiles_are_taken_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let users = "[profile.dev]\nopt-level = 1\n[patch.crates-io]\ncapnp = { path = \"vendor/capnp\" }\nfutures = { git = \"https://git.example/f\" }\n";
        std::fs::write(folder.path().join("Cargo.toml"), users).expect("a manifest");
        let mut manifest = Table::new();
        inherit(&mut manifest, folder.path()).map_err(|_| ()).expect("a manifest that can be read");
        assert_eq!(manifest["profile"]["dev"]["opt-level"].as_integer(), Some(1));
        let patched = &manifest["patch"]["crates-io"];
        let expected = folder.path().join("vendor/capnp").display().to_string();
        assert_eq!(patched["capnp"]["path"].as_str(), Some(expected.as_str()));
        assert_eq!(patched["futures"]["git"].as_str(), Some("https://git.example/f"));
    }
}
