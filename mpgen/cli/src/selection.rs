//! Which interfaces, and which folder, a command is about.
//!
//! In: the command line, the settings in Cargo.toml, the source. Out: the packages, the paths of
//! their interfaces, and the folder of the schema files.

use std::path::{Path, PathBuf};

use crate::metadata::{self, Package, Runtime, Workspace};
use crate::terminal::nearby;
use crate::{Failure, arguments, discover, terminal};

/// What to make a schema of.
#[derive(Debug)]
pub(crate) struct Selected {
    /// The workspace.
    pub(crate) workspace: Workspace,
    /// The packages, as indices into those of the workspace.
    packages: Vec<usize>,
    /// The interfaces, as paths that start with the name of a library.
    pub(crate) roots: Vec<String>,
    /// The mp-runtime of the packages.
    pub(crate) runtime: Runtime,
}

impl Selected {
    /// The packages.
    pub(crate) fn packages(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().map(|index| &self.workspace.packages[*index])
    }

    /// The folder of the schema files: the one that is asked for, or the one in Cargo.toml.
    pub(crate) fn folder(&self, asked: Option<&Path>, option: &str) -> Result<PathBuf, Failure> {
        if let Some(asked) = asked {
            return Ok(asked.to_owned());
        }
        let of_package = match self.packages().collect::<Vec<_>>().as_slice() {
            [package] => package.settings.schemas.as_ref().map(|folder| package.folder().join(folder)),
            _ => None,
        };
        let of_workspace =
            self.workspace.settings.schemas.as_ref().map(|folder| self.workspace.folder.join(folder));
        let folder = of_package.or(of_workspace).ok_or_else(|| {
            Failure::cannot(
                "no folder of schema files is given",
                format!(
                    "write `{option} DIR`, or `schemas = \"DIR\"` under [package.metadata.mpgen] or [workspace.metadata.mpgen] in Cargo.toml"
                ),
            )
        })?;
        Ok(nearby(&folder))
    }
}

/// Finds out what is meant.
pub(crate) fn select(selection: &arguments::Selection) -> Result<Selected, Failure> {
    let workspace = metadata::read(selection)?;
    let packages = packages(&workspace, &selection.package)?;
    let mut runtime = None;
    let mut roots = Vec::new();
    for index in &packages {
        let package = &workspace.packages[*index];
        let library = library(package)?;
        let used = package.runtime.clone().ok_or_else(|| {
            Failure::cannot(
                format!("package `{}` does not depend on mp-runtime, so it has no interfaces", package.name),
                "add mp-runtime to its [dependencies], or choose another package with `--package`",
            )
        })?;
        if runtime.get_or_insert_with(|| used.clone()) != &used {
            return Err(Failure::cannot(
                format!("package `{}` uses another mp-runtime than the packages before it", package.name),
                "let them use one version, or ask about one package at a time with `--package`",
            ));
        }
        if selection.root.is_empty() {
            roots.extend(match &package.settings.roots {
                Some(settings) => {
                    settings.iter().map(|root| path(root, library)).collect::<Result<Vec<String>, _>>()?
                }
                None => discovered(package)?,
            });
        }
    }
    let libraries: Vec<&str> =
        packages.iter().map(|index| library(&workspace.packages[*index])).collect::<Result<_, _>>()?;
    for root in &selection.root {
        let named = libraries.iter().find(|library| root.starts_with(&format!("{library}::")));
        let library = match (named, libraries.as_slice()) {
            (Some(library), _) | (None, [library]) => library,
            _ => {
                return Err(Failure::cannot(
                    format!("it is not clear which package `--root {root}` belongs to"),
                    format!("let it begin with the name of a library: {}", libraries.join(", ")),
                ));
            }
        };
        roots.push(path(root, library)?);
    }
    let names = || packages.iter().map(|index| format!("`{}`", workspace.packages[*index].name));
    match runtime {
        Some(runtime) if !roots.is_empty() => Ok(Selected { workspace, packages, roots, runtime }),
        _ => Err(Failure::cannot(
            format!("found no interface in {}", names().collect::<Vec<_>>().join(", ")),
            "put `#[ipc_interface(…)]` on a trait that other crates can name, or choose another package with `--package`",
        )),
    }
}

/// The packages that are meant, as indices.
fn packages(workspace: &Workspace, asked: &[String]) -> Result<Vec<usize>, Failure> {
    let all =
        || workspace.packages.iter().map(|package| package.name.as_str()).collect::<Vec<_>>().join(", ");
    let find = |name: &String| {
        workspace.packages.iter().position(|package| package.name == *name).ok_or_else(|| {
            let text = format!("there is no package `{name}` in this workspace");
            Failure::cannot(text, format!("its packages are {}", all()))
        })
    };
    if !asked.is_empty() {
        return asked.iter().map(find).collect();
    }
    let here = workspace.packages.iter().position(|package| package.manifest == workspace.manifest);
    let at_root = workspace.manifest.parent() == Some(&workspace.folder);
    match (here, &workspace.settings.packages) {
        (_, Some(packages)) if at_root => packages.iter().map(find).collect(),
        (Some(here), _) => Ok(vec![here]),
        (None, _) => Err(Failure::cannot(
            "this is a workspace, and it is not clear which of its packages is meant",
            format!(
                "pass `--package NAME`, or write `packages = [\"NAME\"]` under [workspace.metadata.mpgen] in Cargo.toml; its packages are {}",
                all()
            ),
        )),
    }
}

fn library(package: &Package) -> Result<&str, Failure> {
    package.library.as_ref().map(|library| library.name.as_str()).ok_or_else(|| {
        Failure::cannot(
            format!("package `{}` has no library, so nothing else can name its interfaces", package.name),
            "declare the interfaces in a library (src/lib.rs), or choose another package with `--package`",
        )
    })
}

/// The path of a trait, from the name of the library on.
fn path(root: &str, library: &str) -> Result<String, Failure> {
    let parsed: syn::Path = syn::parse_str(root).map_err(|_| {
        Failure::cannot(format!("`{root}` is not the path of a trait"), "write it like `module::Trait`")
    })?;
    let mut segments: Vec<String> = parsed.segments.iter().map(|segment| segment.ident.to_string()).collect();
    if segments[0] == "crate" || segments[0] == library {
        segments.remove(0);
    }
    segments.insert(0, library.to_owned());
    Ok(segments.join("::"))
}

/// The interfaces in the package's source. Those that no other crate can name are pointed out.
fn discovered(package: &Package) -> Result<Vec<String>, Failure> {
    let Some(library) = &package.library else { return Ok(Vec::new()) };
    let found = discover::interfaces(library, &package.features)?;
    for hidden in &found.hidden {
        let place = nearby(&hidden.file).display().to_string();
        terminal::warning(&format!(
            "`{}` ({place}:{}) is an interface that other crates cannot name, so the schema does not start from it",
            hidden.path, hidden.line,
        ));
        terminal::help(&format!(
            "{}; or list the interfaces that you want as `roots` under [package.metadata.mpgen] in {}",
            hidden.advice,
            nearby(&package.manifest).display(),
        ));
    }
    for (file, line) in &found.macros {
        let place = nearby(file).display().to_string();
        terminal::warning(&format!(
            "a macro makes interfaces ({place}:{line}), which are not found in what it makes"
        ));
        terminal::help(&format!(
            "name them with `--root`, or list all interfaces as `roots` under [package.metadata.mpgen] in {}",
            nearby(&package.manifest).display(),
        ));
    }
    Ok(found.paths)
}
