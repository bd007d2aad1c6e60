//! The public surface of the library's packages, as others see it.
//!
//! In: the sources of a package. Out: a line for each thing that another crate can name, in `api.txt` beside its
//! `Cargo.toml`. A test compares it, so that a change of what others rely on shows as such in a review (what a `macro_rules!` makes is not seen);
//! `MP_SURFACE=write cargo test -p mp-tests --test surface` writes it anew.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use quote::{ToTokens, quote};
use syn::{Attribute, ImplItem, Item, TraitItem, UseTree, Visibility};

/// A module, with those in it.
#[derive(Default)]
struct Module {
    items: Vec<Item>,
    inside: BTreeMap<String, Module>,
}

impl Module {
    fn read(file: &Path, folder: &Path) -> Module {
        let text = std::fs::read_to_string(file).expect("a source");
        let parsed = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        Module::of(parsed.items, folder)
    }

    fn of(items: Vec<Item>, folder: &Path) -> Module {
        let mut module = Module::default();
        for item in items {
            if let Item::Mod(inner) = &item {
                let name = inner.ident.to_string();
                let is_test =
                    inner.attrs.iter().any(|attr| attr.meta.to_token_stream().to_string().contains("test"));
                let inside = folder.join(&name);
                if !is_test {
                    let read = match &inner.content {
                        Some((_, items)) => Module::of(items.clone(), &inside),
                        None => {
                            let flat = folder.join(format!("{name}.rs"));
                            let file: PathBuf = if flat.exists() { flat } else { inside.join("mod.rs") };
                            Module::read(&file, &inside)
                        }
                    };
                    module.inside.insert(name, read);
                }
            }
            module.items.push(item);
        }
        module
    }

    fn all<'m>(&'m self, found: &mut Vec<&'m Item>) {
        found.extend(&self.items);
        self.inside.values().for_each(|module| module.all(found));
    }

    fn at(&self, path: &[String]) -> Option<&Module> {
        path.iter().try_fold(self, |module, name| module.inside.get(name))
    }
}

/// What a package shows.
struct Surface<'m> {
    root: &'m Module,
    /// Everything in the package, for what types have.
    all: Vec<&'m Item>,
    lines: BTreeSet<String>,
}

fn text(tokens: &impl ToTokens) -> String {
    let text = tokens.to_token_stream().to_string();
    let pairs = [
        (" :: ", "::"),
        (":: ", "::"),
        (" ::", "::"),
        (" < ", "<"),
        ("< ", "<"),
        (" <", "<"),
        (" >", ">"),
        ("& ", "&"),
        (" ,", ","),
        ("( ", "("),
        (" )", ")"),
        (" (", "("),
        (" : ", ": "),
        (" ;", ";"),
        ("' ", "'"),
        ("! ", "!"),
    ];
    pairs.iter().fold(text, |text, (from, to)| text.replace(from, to))
}

fn is_public(vis: &Visibility) -> bool {
    matches!(vis, Visibility::Public(_))
}

fn is_hidden(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|attr| attr.path().is_ident("doc") && text(&attr.meta).contains("hidden"))
}

fn is_open(attrs: &[Attribute]) -> &'static str {
    if attrs.iter().any(|attr| attr.path().is_ident("non_exhaustive")) { "#[non_exhaustive] " } else { "" }
}

impl<'m> Surface<'m> {
    fn of(root: &'m Module) -> BTreeSet<String> {
        let mut all = Vec::new();
        root.all(&mut all);
        let mut surface = Surface { root, all, lines: BTreeSet::new() };
        surface.module(root, &[], "");
        surface.lines
    }

    fn module(&mut self, module: &'m Module, here: &[String], shown: &str) {
        for item in &module.items {
            match item {
                Item::Use(item) if is_public(&item.vis) && !is_hidden(&item.attrs) => {
                    self.uses(&item.tree, here, &mut Vec::new(), shown);
                }
                Item::Mod(item) if is_public(&item.vis) && !is_hidden(&item.attrs) => {
                    let name = item.ident.to_string();
                    let shown = format!("{shown}{name}::");
                    let Some(inner) = module.inside.get(&name) else { continue };
                    self.lines.insert(format!("mod {}", shown.trim_end_matches("::")));
                    self.module(inner, &[here, &[name]].concat(), &shown);
                }
                item => self.item(item, shown, None),
            }
        }
    }

    fn uses(&mut self, tree: &UseTree, here: &[String], path: &mut Vec<String>, shown: &str) {
        match tree {
            UseTree::Path(inner) => {
                path.push(inner.ident.to_string());
                self.uses(&inner.tree, here, path, shown);
                path.pop();
            }
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.uses(tree, here, path, shown)),
            UseTree::Name(name) => self.passed_on(here, path, &name.ident.to_string(), None, shown),
            UseTree::Rename(name) => {
                self.passed_on(here, path, &name.ident.to_string(), Some(name.rename.to_string()), shown);
            }
            UseTree::Glob(_) => {
                self.lines.insert(format!("use {shown}{}::*", path.join("::")));
            }
        }
    }

    /// An item that a module passes on, wherever in the package it is from.
    fn passed_on(&mut self, here: &[String], path: &[String], name: &str, to: Option<String>, shown: &str) {
        let from: Vec<String> = match path.first().map(String::as_str) {
            Some("crate") => path[1..].to_vec(),
            Some("self") => [here, &path[1..]].concat(),
            Some("super") => [&here[..here.len() - 1], &path[1..]].concat(),
            _ => [here, path].concat(),
        };
        let called = to.unwrap_or_else(|| name.to_owned());
        let Some(module) = self.root.at(&from) else {
            self.lines.insert(format!("use {}::{name} as {shown}{called}", path.join("::")));
            return;
        };
        let found = module.items.iter().find(|item| ident(item).is_some_and(|ident| ident == name));
        match found {
            Some(item) => self.item(item, shown, Some(&called)),
            None => {
                for item in &module.items {
                    let Item::Use(item) = item else { continue };
                    self.leaf(&item.tree, &from, &mut Vec::new(), name, &called, shown);
                }
            }
        }
    }

    /// Follows the one name of a `use` that is meant.
    fn leaf(
        &mut self,
        tree: &UseTree,
        here: &[String],
        path: &mut Vec<String>,
        name: &str,
        called: &str,
        shown: &str,
    ) {
        match tree {
            UseTree::Path(inner) => {
                path.push(inner.ident.to_string());
                self.leaf(&inner.tree, here, path, name, called, shown);
                path.pop();
            }
            UseTree::Group(group) => {
                group.items.iter().for_each(|tree| self.leaf(tree, here, path, name, called, shown));
            }
            UseTree::Name(leaf) if leaf.ident == name => {
                self.passed_on(here, path, name, Some(called.to_owned()), shown);
            }
            _ => {}
        }
    }

    fn item(&mut self, item: &'m Item, shown: &str, called: Option<&str>) {
        let Some((vis, attrs)) = outside(item) else { return };
        if !is_public(vis) || is_hidden(attrs) {
            return;
        }
        let Some(ident) = ident(item) else { return };
        let name = format!("{shown}{}", called.map_or_else(|| ident.clone(), str::to_owned));
        let open = is_open(attrs);
        match item {
            Item::Fn(item) => {
                let (generics, inputs, output) = (&item.sig.generics, &item.sig.inputs, &item.sig.output);
                let rest = text(&quote!(#generics (#inputs) #output));
                self.lines.insert(format!("fn {name}{rest}"));
            }
            Item::Const(item) => drop(self.lines.insert(format!("const {name}: {}", text(&item.ty)))),
            Item::Static(item) => drop(self.lines.insert(format!("static {name}: {}", text(&item.ty)))),
            Item::Type(item) => {
                let (generics, ty) = (&item.generics, &item.ty);
                self.lines.insert(format!("type {name}{} = {}", text(generics), text(ty)));
            }
            Item::Struct(item) => {
                self.lines.insert(format!("{open}struct {name}{}", text(&item.generics)));
                for (index, field) in
                    item.fields.iter().enumerate().filter(|(_, field)| is_public(&field.vis))
                {
                    let field_name =
                        field.ident.as_ref().map_or_else(|| index.to_string(), ToString::to_string);
                    self.lines.insert(format!("field {name}::{field_name}: {}", text(&field.ty)));
                }
                self.members(&ident, &name);
            }
            Item::Enum(item) => {
                self.lines.insert(format!("{open}enum {name}{}", text(&item.generics)));
                for variant in &item.variants {
                    let (ident, fields) = (&variant.ident, &variant.fields);
                    self.lines.insert(format!("variant {name}::{ident}{}", text(fields)));
                }
                self.members(&ident, &name);
            }
            Item::Trait(item) => {
                let (generics, bases) = (&item.generics, &item.supertraits);
                self.lines.insert(format!("trait {name}{}: {}", text(generics), text(bases)));
                for entry in &item.items {
                    let line = match entry {
                        TraitItem::Fn(entry) if !is_hidden(&entry.attrs) => {
                            let provided = if entry.default.is_some() { " { … }" } else { "" };
                            format!("method {name}: {}{provided}", text(&entry.sig))
                        }
                        TraitItem::Const(entry) => {
                            format!("const {name}::{}: {}", entry.ident, text(&entry.ty))
                        }
                        TraitItem::Type(entry) => format!("type {name}::{}", entry.ident),
                        _ => continue,
                    };
                    self.lines.insert(line);
                }
            }
            _ => {}
        }
    }

    /// What a type has besides its fields.
    fn members(&mut self, ident: &str, name: &str) {
        for item in self.all.clone() {
            let Item::Impl(item) = item else { continue };
            let syn::Type::Path(ty) = &*item.self_ty else { continue };
            if ty.path.segments.last().is_none_or(|last| last.ident != ident) {
                continue;
            }
            if let Some(of) = &item.trait_ {
                let (generics, self_ty) = (&item.generics, &item.self_ty);
                self.lines.insert(format!("impl{} {} for {}", text(generics), text(&of.0), text(self_ty)));
                continue;
            }
            for entry in &item.items {
                match entry {
                    ImplItem::Fn(entry) if is_public(&entry.vis) && !is_hidden(&entry.attrs) => {
                        self.lines.insert(format!("method {name}: {}", text(&entry.sig)));
                    }
                    ImplItem::Const(entry) if is_public(&entry.vis) => {
                        self.lines.insert(format!("const {name}::{}: {}", entry.ident, text(&entry.ty)));
                    }
                    _ => {}
                }
            }
        }
    }
}

fn outside(item: &Item) -> Option<(&Visibility, &[Attribute])> {
    Some(match item {
        Item::Const(item) => (&item.vis, &item.attrs),
        Item::Enum(item) => (&item.vis, &item.attrs),
        Item::Fn(item) => (&item.vis, &item.attrs),
        Item::Static(item) => (&item.vis, &item.attrs),
        Item::Struct(item) => (&item.vis, &item.attrs),
        Item::Trait(item) => (&item.vis, &item.attrs),
        Item::Type(item) => (&item.vis, &item.attrs),
        _ => return None,
    })
}

fn ident(item: &Item) -> Option<String> {
    Some(match item {
        Item::Const(item) => item.ident.to_string(),
        Item::Enum(item) => item.ident.to_string(),
        Item::Fn(item) => item.sig.ident.to_string(),
        Item::Static(item) => item.ident.to_string(),
        Item::Struct(item) => item.ident.to_string(),
        Item::Trait(item) => item.ident.to_string(),
        Item::Type(item) => item.ident.to_string(),
        _ => return None,
    })
}

#[track_caller]
fn is_recorded(package: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(package);
    let root = Module::read(&folder.join("src/lib.rs"), &folder.join("src"));
    let lines: Vec<String> = Surface::of(&root).into_iter().collect();
    let now = lines.join("\n") + "\n";
    let file = folder.join("api.txt");
    if std::env::var_os("MP_SURFACE").is_some_and(|wish| wish == "write") {
        std::fs::write(&file, &now).expect("a file");
        return;
    }
    let recorded = std::fs::read_to_string(&file).expect("a recorded surface");
    let (old, new): (BTreeSet<&str>, BTreeSet<&str>) = (recorded.lines().collect(), now.lines().collect());
    let gone: Vec<_> = old.difference(&new).collect();
    let added: Vec<_> = new.difference(&old).collect();
    assert!(
        gone.is_empty() && added.is_empty(),
        "what others see of {package} has changed; if it is meant, `MP_SURFACE=write cargo test -p mp-tests --test \
         surface` records it\ngone: {gone:#?}\nnew: {added:#?}"
    );
}

#[test]
fn the_surface_of_the_runtime_is_recorded() {
    is_recorded("mp-runtime");
}

#[test]
fn the_surface_of_the_generator_is_recorded() {
    is_recorded("mpgen");
}

#[test]
fn what_others_can_name_is_found_and_nothing_else() {
    let text = "
        mod inner {
            pub struct Shown(pub u8, u8);
            pub struct Kept;
            impl Shown { pub fn open(&self) -> u8 { 0 } fn shut(&self) {} }
            impl Clone for Shown { fn clone(&self) -> Self { Shown(0, 0) } }
            pub(crate) use deeper::call;
            mod deeper { pub fn call<T: Send>(value: T) -> Option<T> { None } }
        }
        pub use inner::{Shown as Other, call};
        pub use far::Thing;
        #[doc(hidden)] pub mod private { pub fn hidden() {} }
        pub mod open { pub trait Talks: Send { fn say(&self); fn shout(&self) {} } }
        pub enum Kind { One, Two(u8) }
        #[cfg(test)] mod tests { pub fn test() {} }
    ";
    let items = syn::parse_file(text).expect("Rust").items;
    let module = Module::of(items, Path::new(""));
    let expected = [
        "enum Kind",
        "field Other::0: u8",
        "fn call<T: Send>(value: T) -> Option<T>",
        "impl Clone for Shown",
        "method Other: fn open(&self) -> u8",
        "method open::Talks: fn say(&self)",
        "method open::Talks: fn shout(&self) { … }",
        "mod open",
        "struct Other",
        "trait open::Talks: Send",
        "use far::Thing as Thing",
        "variant Kind::One",
        "variant Kind::Two(u8)",
    ];
    assert_eq!(Surface::of(&module).into_iter().collect::<Vec<_>>(), expected);
}
