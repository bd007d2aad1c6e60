//! What cargo knows.
//!
//! In: the path of a manifest. Out: the workspace with its packages, their settings for mpgen, and
//! the mp-runtime that each of them uses.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::{Failure, arguments};

/// A workspace.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// Its folder.
    pub(crate) folder: PathBuf,
    /// Where cargo builds.
    pub(crate) target: PathBuf,
    /// The manifest that the question is about: of a package, or of the workspace.
    pub(crate) manifest: PathBuf,
    /// Its settings.
    pub(crate) settings: Settings,
    /// Its packages.
    pub(crate) packages: Vec<Package>,
}

/// A package of the workspace.
#[derive(Debug)]
pub(crate) struct Package {
    /// Its name.
    pub(crate) name: String,
    /// Its manifest.
    pub(crate) manifest: PathBuf,
    /// Its settings.
    pub(crate) settings: Settings,
    /// Its library, if it has one.
    pub(crate) library: Option<Library>,
    /// The features that are on.
    pub(crate) features: Vec<String>,
    /// The mp-runtime that it uses, if it does.
    pub(crate) runtime: Option<Runtime>,
}

/// A library target.
#[derive(Debug)]
pub(crate) struct Library {
    /// The name, as Rust code writes it.
    pub(crate) name: String,
    /// Its first source file.
    pub(crate) source: PathBuf,
}

/// An mp-runtime, as cargo identifies it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Runtime {
    /// Its folder.
    pub(crate) folder: PathBuf,
    /// Its version.
    pub(crate) version: String,
    /// The registry or repository it comes from; nothing for a folder.
    pub(crate) source: Option<String>,
}

/// A table `[package.metadata.mpgen]` or `[workspace.metadata.mpgen]`.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    /// The interfaces.
    pub(crate) roots: Option<Vec<String>>,
    /// The packages that are meant at the workspace root.
    pub(crate) packages: Option<Vec<String>>,
    /// The folder of schema files.
    pub(crate) schemas: Option<PathBuf>,
}

impl Package {
    /// Its folder.
    pub(crate) fn folder(&self) -> &Path {
        self.manifest.parent().unwrap_or(Path::new("."))
    }
}

/// The cargo that runs us, or the one of the search path.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Asks cargo about the workspace of a manifest, or of the current folder.
pub(crate) fn read(selection: &arguments::Selection) -> Result<Workspace, Failure> {
    let mut arguments: Vec<OsString> = Vec::new();
    if let Some(manifest) = &selection.manifest_path {
        arguments.extend(["--manifest-path".into(), manifest.into()]);
    }
    let located = ask(&["locate-project", "--message-format", "plain"], &arguments)?;
    if selection.quiet {
        arguments.push("--quiet".into());
    }
    arguments.extend(selection.build_options().into_iter().map(OsString::from));
    // Without a platform cargo wants the packages of all of them.
    let version = ask(&["-vV"], &[])?;
    if let Some(host) = version.lines().find_map(|line| line.strip_prefix("host: ")) {
        arguments.extend(["--filter-platform".into(), host.into()]);
    }
    let answer = ask(&["metadata", "--format-version", "1"], &arguments)?;
    let answer: Value = serde_json::from_str(&answer).map_err(|error| {
        Failure::cannot(
            format!("cargo metadata answered something unexpected: {error}"),
            "mpgen understands `--format-version 1`; update mpgen or cargo",
        )
    })?;
    workspace(&answer, PathBuf::from(located.trim_end()))
}

fn ask(command: &[&str], arguments: &[OsString]) -> Result<String, Failure> {
    let output = cargo().args(command).args(arguments).stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| {
        Failure::cannot(format!("cannot run cargo: {error}"), "install cargo, or put it on the search path")
    })?;
    if !output.status.success() {
        return Err(Failure::cannot(
            format!("`cargo {}` failed; what it said is above", command[0]),
            "run mpgen in the folder of a package, or pass `--manifest-path path/to/Cargo.toml`",
        ));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn workspace(answer: &Value, manifest: PathBuf) -> Result<Workspace, Failure> {
    let folder = PathBuf::from(text(&answer["workspace_root"]));
    let settings = settings(&answer["metadata"], "workspace", &folder.join("Cargo.toml"))?;
    let members = list(&answer["workspace_members"]);
    let packages = list(&answer["packages"]).iter().filter(|package| members.contains(&package["id"]));
    Ok(Workspace {
        target: text(&answer["target_directory"]).into(),
        packages: packages.map(|found| package(found, answer)).collect::<Result<_, _>>()?,
        folder,
        manifest,
        settings,
    })
}

fn package(package: &Value, answer: &Value) -> Result<Package, Failure> {
    let manifest = PathBuf::from(text(&package["manifest_path"]));
    let libraries = ["lib", "rlib", "dylib", "cdylib", "staticlib"];
    let is_library = |target: &&Value| {
        list(&target["crate_types"]).iter().any(|kind| kind == "lib")
            || list(&target["kind"]).iter().any(|kind| libraries.contains(&text(kind).as_str()))
    };
    let library = list(&package["targets"]).iter().find(is_library).map(|target| Library {
        name: text(&target["name"]).replace('-', "_"),
        source: text(&target["src_path"]).into(),
    });
    let node = list(&answer["resolve"]["nodes"]).iter().find(|node| node["id"] == package["id"]);
    let dependencies = node.map(|node| list(&node["deps"])).unwrap_or_default();
    let used = dependencies.iter().find(|dependency| {
        let ordinary = list(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"].is_null());
        dependency["name"] == "mp_runtime" && ordinary
    });
    let used =
        used.and_then(|used| list(&answer["packages"]).iter().find(|found| found["id"] == used["pkg"]));
    Ok(Package {
        name: text(&package["name"]),
        settings: settings(&package["metadata"], "package", &manifest)?,
        library,
        features: node.map(|node| list(&node["features"]).iter().map(text).collect()).unwrap_or_default(),
        runtime: used.map(|runtime| Runtime {
            folder: Path::new(&text(&runtime["manifest_path"])).parent().unwrap_or(Path::new(".")).into(),
            version: text(&runtime["version"]),
            source: runtime["source"].as_str().map(str::to_owned),
        }),
        manifest,
    })
}

/// Reads `[owner.metadata.mpgen]`.
fn settings(metadata: &Value, owner: &str, manifest: &Path) -> Result<Settings, Failure> {
    let mut settings = Settings::default();
    let known: &[&str] = if owner == "package" { &["roots", "schemas"] } else { &["packages", "schemas"] };
    let wrong = |text: String| {
        let table = format!("[{owner}.metadata.mpgen] of {}", manifest.display());
        Err(Failure::cannot(format!("{table}: {text}"), format!("it understands {}", known.join(" and "))))
    };
    let Some(table) = metadata["mpgen"].as_object() else {
        return if metadata["mpgen"].is_null() { Ok(settings) } else { wrong("is not a table".into()) };
    };
    for (name, value) in table {
        let texts = value.as_array().and_then(|values| {
            values.iter().map(|value| value.as_str().map(str::to_owned)).collect::<Option<Vec<String>>>()
        });
        match (name.as_str(), value.as_str(), texts) {
            (name, ..) if !known.contains(&name) => return wrong(format!("there is no setting `{name}`")),
            ("schemas", Some(folder), _) => settings.schemas = Some(folder.into()),
            ("schemas", ..) => {
                return wrong("`schemas` is the name of a folder: `schemas = \"schemas\"`".into());
            }
            ("roots", _, Some(roots)) => settings.roots = Some(roots),
            ("packages", _, Some(packages)) => settings.packages = Some(packages),
            (name, ..) => return wrong(format!("`{name}` is a list of names: `{name} = [\"…\"]`")),
        }
    }
    Ok(settings)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}
