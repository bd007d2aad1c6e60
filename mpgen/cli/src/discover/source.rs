//! Reading a library.
//!
//! In: its first source file. Out: the tree of its modules with their interfaces and imports, as
//! they are written.

use std::fs;
use std::path::{Path, PathBuf};

use syn::{Attribute, Expr, Item, ItemMod, Lit, Meta, UseTree, Visibility};

use super::condition::is_compiled;
use crate::terminal::nearby;
use crate::{Failure, diagnostics};

/// A library.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// Where macros are declared that make interfaces: file and line.
    pub(super) macros: Vec<(PathBuf, usize)>,
    /// Its modules; the first is the library itself.
    pub(super) modules: Vec<Module>,
    /// Its interfaces.
    pub(super) interfaces: Vec<Interface>,
}

/// A module.
#[derive(Debug)]
pub(super) struct Module {
    /// The names that lead to it.
    pub(super) path: Vec<String>,
    /// The module around it.
    pub(super) parent: Option<usize>,
    /// What its names mean.
    pub(super) names: Vec<Name>,
    /// What it imports.
    pub(super) imports: Vec<Import>,
}

/// A name in a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    /// The name.
    pub(super) name: String,
    /// What it means.
    pub(super) target: Target,
    /// Whether it can be used wherever the module can.
    pub(super) public: bool,
}

/// What a name means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// The module at this index.
    Module(usize),
    /// The interface at this index.
    Interface(usize),
}

/// One name, or all names, of a `use`.
#[derive(Clone, Debug)]
pub(super) struct Import {
    /// What is imported, or from where with `*`.
    pub(super) path: Vec<String>,
    /// The name here; `None` for `*`.
    pub(super) name: Option<String>,
    /// Whether it is a `pub use`.
    pub(super) public: bool,
}

/// An interface.
#[derive(Debug)]
pub(super) struct Interface {
    /// The name of its trait.
    pub(super) name: String,
    /// The module that declares it.
    pub(super) module: usize,
    /// Whether it is a `pub trait`.
    pub(super) public: bool,
    /// The file that declares it.
    pub(super) file: PathBuf,
    /// The line of its name.
    pub(super) line: usize,
}

/// Reads a library.
pub(super) fn read(source: &Path, features: &[String]) -> Result<Tree, Failure> {
    let mut reader = Reader { tree: Tree::default(), features };
    let root = reader.module(Vec::new(), None);
    let folder = source.parent().unwrap_or(Path::new("."));
    reader.file(root, source, folder)?;
    Ok(reader.tree)
}

struct Reader<'f> {
    tree: Tree,
    features: &'f [String],
}

/// Where the text of a module stands.
#[derive(Clone, Copy)]
struct Place<'p> {
    /// The file.
    file: &'p Path,
    /// Where the files of the modules inside it stand.
    below: &'p Path,
    /// Where a `#[path]` inside it starts.
    beside: &'p Path,
}

impl Reader<'_> {
    fn module(&mut self, path: Vec<String>, parent: Option<usize>) -> usize {
        self.tree.modules.push(Module { path, parent, names: Vec::new(), imports: Vec::new() });
        self.tree.modules.len() - 1
    }

    /// Reads the file of a module whose inner modules have their files in `below`.
    fn file(&mut self, module: usize, file: &Path, below: &Path) -> Result<(), Failure> {
        // A file that is missing is for the compiler to report.
        let Ok(text) = fs::read_to_string(file) else { return Ok(()) };
        let parsed = syn::parse_file(&text).map_err(|error| {
            diagnostics::report(&nearby(file).display().to_string(), &text, &[error]);
            Failure::Findings
        })?;
        if !is_compiled(&parsed.attrs, self.features) {
            return Ok(());
        }
        let beside = file.parent().unwrap_or(Path::new("."));
        self.items(module, &parsed.items, Place { file, below, beside })
    }

    fn items(&mut self, module: usize, items: &[Item], place: Place<'_>) -> Result<(), Failure> {
        for item in items {
            match item {
                Item::Mod(item) if is_compiled(&item.attrs, self.features) => {
                    self.inner(module, item, place)?
                }
                Item::Trait(item) if is_compiled(&item.attrs, self.features) && is_ours(&item.attrs) => {
                    let target = Target::Interface(self.tree.interfaces.len());
                    let (name, public) = (item.ident.to_string(), is_public(&item.vis));
                    self.tree.modules[module].names.push(Name { name: name.clone(), target, public });
                    let line = item.ident.span().start().line;
                    let file = place.file.into();
                    self.tree.interfaces.push(Interface { name, module, public, file, line });
                    for form in forms(&item.attrs) {
                        let target = Target::Interface(self.tree.interfaces.len());
                        let (name, line) = (form.to_string(), form.span().start().line);
                        self.tree.modules[module].names.push(Name { name: name.clone(), target, public });
                        let file = place.file.into();
                        self.tree.interfaces.push(Interface { name, module, public, file, line });
                    }
                }
                Item::Macro(item) if is_compiled(&item.attrs, self.features) => {
                    if let Some(name) = item.ident.as_ref().filter(|_| makes_interfaces(&item.mac.tokens)) {
                        self.tree.macros.push((place.file.into(), name.span().start().line));
                    }
                }
                Item::Use(item)
                    if is_compiled(&item.attrs, self.features) && item.leading_colon.is_none() =>
                {
                    let imports = &mut self.tree.modules[module].imports;
                    import(&item.tree, &mut Vec::new(), is_public(&item.vis), imports);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Reads a module inside another.
    fn inner(&mut self, parent: usize, item: &ItemMod, place: Place<'_>) -> Result<(), Failure> {
        let name = item.ident.to_string();
        let name = name.trim_start_matches("r#");
        let path = [self.tree.modules[parent].path.as_slice(), &[name.to_owned()]].concat();
        let module = self.module(path, Some(parent));
        let target = Target::Module(module);
        let public = is_public(&item.vis);
        self.tree.modules[parent].names.push(Name { name: name.to_owned(), target, public });
        let below = place.below.join(name);
        let elsewhere = item.attrs.iter().find_map(path_attribute);
        if let Some((_, items)) = &item.content {
            let below = elsewhere.map_or(below, |path| place.beside.join(path));
            return self.items(module, items, Place { file: place.file, below: &below, beside: &below });
        }
        if let Some(path) = elsewhere {
            let file = place.beside.join(path);
            let below = file.parent().unwrap_or(Path::new(".")).to_owned();
            return self.file(module, &file, &below);
        }
        let flat = below.with_extension("rs");
        let file = if flat.exists() { flat } else { below.join("mod.rs") };
        self.file(module, &file, &below)
    }
}

/// `#[path = "…"]`.
fn path_attribute(attr: &Attribute) -> Option<String> {
    match &attr.meta {
        Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(path) => Some(path.value()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

fn ours(attr: &Attribute) -> bool {
    attr.path().segments.last().is_some_and(|last| last.ident == "ipc_interface")
}

fn is_ours(attrs: &[Attribute]) -> bool {
    attrs.iter().any(ours)
}

/// The traits that an interface makes for its older versions.
fn forms(attrs: &[Attribute]) -> Vec<syn::Ident> {
    let lists = attrs.iter().filter(|attr| ours(attr)).filter_map(|attr| attr.meta.require_list().ok());
    lists.flat_map(|list| mpgen::forms(list.tokens.clone())).collect()
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// Takes a `use` apart.
fn import(tree: &UseTree, path: &mut Vec<String>, public: bool, imports: &mut Vec<Import>) {
    let mut add = |last: Option<String>, name: Option<String>| {
        let path: Vec<String> = path.iter().cloned().chain(last.filter(|last| last != "self")).collect();
        let name =
            name.map(|name| if name == "self" { path.last().cloned().unwrap_or_default() } else { name });
        imports.push(Import { path, name, public });
    };
    match tree {
        UseTree::Name(leaf) => add(Some(leaf.ident.to_string()), Some(leaf.ident.to_string())),
        UseTree::Rename(leaf) => add(Some(leaf.ident.to_string()), Some(leaf.rename.to_string())),
        UseTree::Glob(_) => add(None, None),
        UseTree::Group(group) => {
            for tree in &group.items {
                import(tree, path, public, imports);
            }
        }
        UseTree::Path(step) => {
            path.push(step.ident.to_string());
            import(&step.tree, path, public, imports);
            path.pop();
        }
    }
}

/// Whether a macro has our attribute in what it makes.
fn makes_interfaces(tokens: &proc_macro2::TokenStream) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        proc_macro2::TokenTree::Ident(ident) => ident == "ipc_interface",
        proc_macro2::TokenTree::Group(group) => makes_interfaces(&group.stream()),
        _ => false,
    })
}
