//! Which module of a package names what of which other.
//!
//! In: the sources of a package. Out: its modules, and the imports among those of one folder. A name that a
//! module passes on (`pub use`) counts as that of the module it comes from. Code for tests and links in
//! comments do not count, nor does what a folder's own file names of the modules in it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The path of a module from its package's root.
type Module = Vec<String>;

#[derive(Default)]
pub(super) struct Sources {
    files: BTreeMap<Module, File>,
}

/// What one file holds.
#[derive(Default)]
struct File {
    /// The paths that it names, from the root.
    named: Vec<Module>,
    /// What it passes on: the name, or none for all names, and where it is from.
    passed_on: Vec<(Option<String>, Module)>,
    /// The names of items in it, and some others.
    items: BTreeSet<String>,
    /// Modules that are there for tests alone.
    tests: BTreeSet<String>,
}

impl Sources {
    /// Reads all files below a folder.
    pub(super) fn read(folder: &Path) -> Sources {
        let mut sources = Sources::default();
        sources.folder(folder, &[]);
        let tests: Vec<Module> = sources
            .files
            .iter()
            .flat_map(|(module, file)| {
                file.tests.iter().map(|name| [module.clone(), vec![name.clone()]].concat())
            })
            .collect();
        sources.files.retain(|module, _| !tests.iter().any(|test| module.starts_with(test)));
        assert!(!sources.files.is_empty(), "no sources in {}", folder.display());
        sources
    }

    fn folder(&mut self, folder: &Path, module: &[String]) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let inner = [module, std::slice::from_ref(&name)].concat();
            if path.is_dir() {
                if !(module.is_empty() && name == "bin") {
                    self.folder(&path, &inner);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let is_root = matches!((module, name.as_str()), ([], "lib" | "main") | (_, "mod"));
                let module = if is_root { module.to_vec() } else { inner };
                let text = std::fs::read_to_string(&path).unwrap();
                let tokens: TokenStream =
                    text.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                self.files.entry(module.clone()).or_default().read(tokens, &module);
            }
        }
    }

    /// The modules right in a folder.
    pub(super) fn modules(&self, folder: &[String]) -> BTreeSet<String> {
        let inside = self.files.keys().filter(|module| module.starts_with(folder));
        inside.filter_map(|module| module.get(folder.len()).cloned()).collect()
    }

    /// Which of them names something of which other.
    pub(super) fn imports(&self, folder: &[String]) -> BTreeSet<(String, String)> {
        let mut imports = BTreeSet::new();
        let inside =
            |module: &Module| module.starts_with(folder).then(|| module.get(folder.len()).cloned()).flatten();
        for (module, file) in &self.files {
            let Some(from) = inside(module) else { continue };
            for named in &file.named {
                if let Some(to) = inside(&self.home(named, 0)).filter(|to| *to != from) {
                    imports.insert((from.clone(), to));
                }
            }
        }
        imports
    }

    /// The module that a path leads to.
    fn home(&self, path: &[String], depth: usize) -> Module {
        let mut module = Module::new();
        for (place, name) in path.iter().enumerate() {
            let inner = [module.clone(), vec![name.clone()]].concat();
            if self.files.keys().any(|known| known.starts_with(&inner)) {
                module = inner;
                continue;
            }
            let Some(source) = self.source(&module, name, depth) else { break };
            let rest = [source, path[place + 1..].to_vec()].concat();
            return if depth < 8 { self.home(&rest, depth + 1) } else { module };
        }
        module
    }

    /// Where a name is from that a module passes on.
    fn source(&self, module: &Module, name: &str, depth: usize) -> Option<Module> {
        let file = self.files.get(module)?;
        let named = file.passed_on.iter().find(|(alias, _)| alias.as_deref() == Some(name));
        let all = || {
            let mut all = file.passed_on.iter().filter(|(alias, _)| alias.is_none());
            all.find_map(|(_, from)| {
                let from = if depth < 8 { self.home(from, depth + 1) } else { return None };
                let has = self.files.get(&from)?;
                let has = has.items.contains(name) || self.source(&from, name, depth + 1).is_some();
                has.then(|| [from, vec![name.to_owned()]].concat())
            })
        };
        let found = named.map(|(_, from)| from.clone()).or_else(all);
        found.filter(|found| found.len() != module.len() + 1 || !found.starts_with(module))
    }
}

impl File {
    fn read(&mut self, tokens: TokenStream, module: &[String]) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            at += 1;
            match token {
                TokenTree::Punct(punct) if punct.as_char() == '#' => {
                    let Some(TokenTree::Group(attribute)) = tokens.get(at) else { continue };
                    if is_for_tests(&attribute.stream()) {
                        at = self.skip(&tokens, at + 1);
                    }
                }
                TokenTree::Group(group) => self.read(group.stream(), module),
                TokenTree::Ident(ident) => {
                    match (ident.to_string().as_str(), tokens.get(at), tokens.get(at + 1)) {
                        ("mod", Some(TokenTree::Ident(name)), Some(TokenTree::Group(body))) => {
                            self.read(body.stream(), &[module, &[name.to_string()]].concat());
                            at += 2;
                        }
                        ("pub", ..) => self.passes_on(&tokens[at..], module),
                        ("crate" | "super" | "self", ..) if is_path(&tokens[at..]) => {
                            let mut paths = Vec::new();
                            tree(&tokens[at - 1..], &[], &mut paths);
                            self.named
                                .extend(paths.into_iter().filter_map(|(path, _)| absolute(&path, module)));
                        }
                        (
                            "struct" | "enum" | "trait" | "fn" | "const" | "static" | "type" | "union",
                            Some(TokenTree::Ident(name)),
                            _,
                        ) => {
                            self.items.insert(name.to_string());
                        }
                        _ => {}
                    }
                }
                _ => {}
            }
        }
    }

    /// Notes what `pub use` passes on; `rest` follows the `pub`.
    fn passes_on(&mut self, rest: &[TokenTree], module: &[String]) {
        let rest = if let Some(TokenTree::Group(_)) = rest.first() { &rest[1..] } else { rest };
        if !matches!(rest.first(), Some(TokenTree::Ident(word)) if word == "use") {
            return;
        }
        let mut paths = Vec::new();
        tree(&rest[1..], &[], &mut paths);
        for (path, alias) in paths {
            let first = path.first().map(String::as_str);
            let path = match first {
                Some("crate" | "super" | "self") => absolute(&path, module),
                // A module in this one, or another package, which leads nowhere.
                _ => Some([module, &path].concat()),
            };
            if let Some(path) = path {
                self.passed_on.push((alias, path));
            }
        }
    }

    /// The end of the item that begins here, whose module, if it is one, is noted.
    fn skip(&mut self, tokens: &[TokenTree], mut at: usize) -> usize {
        while let Some(token) = tokens.get(at) {
            at += 1;
            match token {
                TokenTree::Ident(word) if word == "mod" => {
                    if let Some(TokenTree::Ident(name)) = tokens.get(at) {
                        self.tests.insert(name.to_string());
                    }
                }
                TokenTree::Punct(punct) if punct.as_char() == ';' => break,
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => break,
                _ => {}
            }
        }
        at
    }
}

/// Whether an attribute keeps an item for tests.
fn is_for_tests(attribute: &TokenStream) -> bool {
    let text = attribute.to_string().replace(' ', "");
    text == "test" || text.starts_with("cfg(test") || text.starts_with("cfg(all(test")
}

/// Whether two colons follow.
fn is_path(rest: &[TokenTree]) -> bool {
    let colon =
        |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
    colon(rest.first()) && colon(rest.get(1))
}

/// Reads a path, or a tree of them: each with the name that it brings into scope, or none for all names.
/// Returns how many tokens it has.
fn tree(tokens: &[TokenTree], before: &[String], paths: &mut Vec<(Module, Option<String>)>) -> usize {
    let mut path = before.to_vec();
    let mut at = 0;
    loop {
        match tokens.get(at) {
            Some(TokenTree::Ident(name)) => {
                path.push(name.to_string().trim_start_matches("r#").to_owned());
                at += 1;
            }
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                let mut inside = 0;
                while inside < inner.len() {
                    // And the comma.
                    inside += tree(&inner[inside..], &path, paths) + 1;
                }
                return at + 1;
            }
            Some(TokenTree::Punct(punct)) if punct.as_char() == '*' => {
                paths.push((path, None));
                return at + 1;
            }
            // Type arguments.
            _ if path.len() > before.len() => break,
            _ => return at.max(1),
        }
        if !is_path(&tokens[at..]) {
            break;
        }
        at += 2;
    }
    // `a::{self}` is `a`.
    if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
        path.pop();
    }
    let mut alias = path.last().cloned();
    if let (Some(TokenTree::Ident(word)), Some(TokenTree::Ident(name))) = (tokens.get(at), tokens.get(at + 1))
        && word == "as"
    {
        alias = Some(name.to_string());
        at += 2;
    }
    paths.push((path, alias));
    at
}

/// A path from the root; `None` above it.
fn absolute(path: &[String], module: &[String]) -> Option<Module> {
    let (mut base, mut rest) = match path {
        [first, rest @ ..] if first == "crate" => (Vec::new(), rest),
        [first, rest @ ..] if first == "self" => (module.to_vec(), rest),
        path => (module.to_vec(), path),
    };
    while let [first, further @ ..] = rest
        && first == "super"
    {
        base.pop()?;
        rest = further;
    }
    Some([base, rest.to_vec()].concat())
}
