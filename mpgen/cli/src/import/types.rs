//! Types of a schema in Rust.
//!
//! In: all files. Out: the Rust type of a schema type, as a place in one of the files calls it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::{PROVIDED, names};
use crate::capnp::{Declaration, Error, Field, File, Kind, Type};

/// Schema types that are one Rust type.
const PLAIN: &[(&str, &str)] = &[
    ("Void", "()"),
    ("Bool", "bool"),
    ("Int8", "i8"),
    ("Int16", "i16"),
    ("Int32", "i32"),
    ("Int64", "i64"),
    ("UInt8", "u8"),
    ("UInt16", "u16"),
    ("UInt32", "u32"),
    ("UInt64", "u64"),
    ("Float32", "f32"),
    ("Float64", "f64"),
    ("Text", "String"),
    ("Data", "Vec<u8>"),
];

/// The Rust type of a number or a bool.
pub(super) fn plain(ty: &Type) -> Option<&'static str> {
    PLAIN.iter().find(|(schema, _)| ty.name == *schema).map(|(_, rust)| *rust)
}

/// A declaration by its file and its name.
type Key = (String, String);

/// Everything that the files declare.
pub(super) struct Known<'f> {
    files: &'f BTreeMap<String, File>,
    /// What interfaces reach.
    seen: RefCell<BTreeSet<Key>>,
}

/// Where a type is mentioned.
#[derive(Clone, Copy)]
pub(super) struct At<'f> {
    pub(super) known: &'f Known<'f>,
    pub(super) file: &'f str,
    /// The type parameters there.
    pub(super) parameters: &'f [String],
}

impl<'f> Known<'f> {
    pub(super) fn new(files: &'f BTreeMap<String, File>) -> Self {
        let known = Known { files, seen: RefCell::default() };
        for (file, text) in files {
            for declaration in &text.declarations {
                if matches!(declaration.kind, Kind::Interface { .. }) {
                    known.see(file, declaration);
                }
            }
        }
        known
    }

    fn find(&self, file: &str, name: &str) -> Option<(&'f str, &'f Declaration)> {
        let (file, name) = name.split_once(':').unwrap_or((file, name));
        let (file, text) = self.files.get_key_value(&super::normal(file))?;
        Some((file, text.declarations.iter().find(|one| one.name == name)?))
    }

    /// Notes what a declaration reaches.
    fn see(&self, file: &str, declaration: &Declaration) {
        if !self.seen.borrow_mut().insert((file.to_owned(), declaration.name.clone())) {
            return;
        }
        match &declaration.kind {
            Kind::Interface { extends, methods } => {
                extends.iter().for_each(|base| self.see_type(file, base));
                let fields = methods.iter().flat_map(|method| method.params.iter().chain(&method.results));
                fields.for_each(|field| self.see_type(file, &field.ty));
            }
            Kind::Struct(fields) => fields.iter().for_each(|field| self.see_type(file, &field.ty)),
            _ => {}
        }
    }

    fn see_type(&self, file: &str, ty: &Type) {
        ty.arguments.iter().for_each(|argument| self.see_type(file, argument));
        if let Some((file, declaration)) = self.find(file, &ty.name) {
            self.see(file, declaration);
        }
    }

    fn unreached(&self) -> Vec<(&'f str, &'f Declaration)> {
        let all = self
            .files
            .iter()
            .flat_map(|(file, text)| text.declarations.iter().map(move |one| (file.as_str(), one)));
        let seen = self.seen.borrow();
        all.filter(|(file, one)| !seen.contains(&((*file).to_owned(), one.name.clone()))).collect()
    }

    /// Structs that no interface reaches and that this one, the first of its file or of all, has to mention.
    pub(super) fn unused(&self, file: &str, interface: &str) -> Vec<Type> {
        let interfaces = |of: &str| {
            let text = self.files.get(of)?;
            text.declarations.iter().find(|one| matches!(one.kind, Kind::Interface { .. }))
        };
        let first = self.files.keys().find(|file| interfaces(file).is_some());
        if interfaces(file).is_none_or(|first| first.name != interface) {
            return Vec::new();
        }
        let is_ours =
            |of: &str| of == file || interfaces(of).is_none() && first.is_some_and(|first| first == file);
        let structs = self
            .unreached()
            .into_iter()
            .filter(|(of, one)| is_ours(of) && matches!(one.kind, Kind::Struct(_)));
        // Which arguments it has does not matter to what is declared.
        let data = |_: &String| Type { name: "Data".to_owned(), arguments: Vec::new() };
        structs
            .map(|(of, one)| Type {
                name: format!("{of}:{}", one.name),
                arguments: if self.is_bare(of, &one.name) {
                    Vec::new()
                } else {
                    one.parameters.iter().map(data).collect()
                },
            })
            .collect()
    }

    /// What no schema will show: the file, the line and the name.
    pub(super) fn unseen(&self) -> Vec<(&'f str, usize, &'f str)> {
        let no_interface = self.seen.borrow().is_empty();
        let hidden = |one: &&Declaration| match one.kind {
            Kind::Struct(_) => no_interface,
            Kind::Enum(_) => true,
            _ => false,
        };
        let unreached = self.unreached().into_iter().filter(|(_, one)| hidden(one));
        unreached.map(|(file, one)| (file, one.line, one.name.as_str())).collect()
    }

    /// Whether a generic struct is mentioned without arguments, as one does whose parameters no field uses.
    pub(super) fn is_bare(&self, file: &str, name: &str) -> bool {
        fn mentions(known: &Known<'_>, from: &str, ty: &Type, key: (&str, &str)) -> bool {
            let found = known.find(from, &ty.name).map(|(file, one)| (file, one.name.as_str()));
            (found == Some(key) && ty.arguments.is_empty())
                || ty.arguments.iter().any(|argument| mentions(known, from, argument, key))
        }
        self.files.iter().any(|(from, text)| {
            text.declarations
                .iter()
                .flat_map(fields)
                .any(|field| mentions(self, from, &field.ty, (file, name)))
        })
    }

    /// The declarations of which a value may have one in itself; `lists` says whether those in lists count.
    fn inside(&self, file: &str, ty: &Type, lists: bool, found: &mut BTreeMap<Key, &'f Declaration>) {
        if lists || ty.name != "List" {
            ty.arguments.iter().for_each(|argument| self.inside(file, argument, lists, found));
        }
        let Some((file, declaration)) = self.find(file, &ty.name) else { return };
        if found.insert((file.to_owned(), declaration.name.clone()), declaration).is_none()
            && let Kind::Struct(fields) = &declaration.kind
        {
            fields.iter().for_each(|field| self.inside(file, &field.ty, lists, found));
        }
    }

    /// Whether there is an object in a value of a type.
    pub(super) fn has_objects(&self, file: &str, ty: &Type) -> bool {
        let mut found = BTreeMap::new();
        self.inside(file, ty, true, &mut found);
        found.values().any(|one| matches!(one.kind, Kind::Interface { .. }))
    }
}

/// Everything in a declaration that has a type.
fn fields(declaration: &Declaration) -> Box<dyn Iterator<Item = &Field> + '_> {
    match &declaration.kind {
        Kind::Interface { methods, .. } => {
            Box::new(methods.iter().flat_map(|method| method.params.iter().chain(&method.results)))
        }
        Kind::Struct(fields) => Box::new(fields.iter()),
        _ => Box::new(std::iter::empty()),
    }
}

/// What a schema type is in Rust.
pub(super) struct Rust {
    /// The type of an owned value.
    pub(super) owned: String,
    /// How a method borrows it, if it does.
    pub(super) borrowed: Option<String>,
    /// Whether it lies behind a pointer, which may be null.
    pub(super) pointer: bool,
    /// Whether it is an object of an interface.
    pub(super) object: bool,
    /// Whether there is a value of it when there is none.
    pub(super) has_default: bool,
    /// Whether there is an object in it, which most traits of values are not for.
    pub(super) has_objects: bool,
}

impl<'f> At<'f> {
    /// The path of a declaration, as this place writes it.
    pub(super) fn path(&self, ty: &Type, line: usize) -> Result<String, Error> {
        let (file, declaration) = self
            .known
            .find(self.file, &ty.name)
            .ok_or_else(|| (line, format!("there is no type `{}`", ty.name)))?;
        let name = names::ty(&declaration.name);
        if file == self.file {
            return Ok(name);
        }
        let (here, there) = (names::module(self.file), names::module(file));
        let same = here.iter().zip(&there).take_while(|(here, there)| here == there).count();
        let down: String = there[same..].iter().map(|module| format!("{module}::")).collect();
        Ok(format!("{}{down}{name}", "super::".repeat(here.len() - same)))
    }

    /// The type in Rust.
    pub(super) fn rust(&self, ty: &Type, line: usize) -> Result<Rust, Error> {
        let value = |owned: String, borrowed: Option<String>, pointer| Rust {
            owned,
            borrowed,
            pointer,
            object: false,
            has_default: true,
            has_objects: false,
        };
        match ty.name.as_str() {
            "Text" => return Ok(value("String".into(), Some("&str".into()), true)),
            "Data" => return Ok(value("Vec<u8>".into(), Some("&[u8]".into()), true)),
            "List" => return self.list(ty, line),
            _ => {}
        }
        if let Some(plain) = plain(ty) {
            return Ok(value(plain.into(), None, false));
        }
        if self.parameters.contains(&ty.name) {
            return Ok(Rust { has_default: false, ..value(ty.name.clone(), None, true) });
        }
        if PROVIDED.iter().any(|file| ty.name.starts_with(file)) {
            return Err((
                line,
                format!(
                    "`{ty}` is the runtime's own; only `context :Proxy.Context` before all other parameters and the exchange of `threadMap`s have a form in Rust"
                ),
            ));
        }
        let Some((_, declaration)) = self.known.find(self.file, &ty.name) else {
            let help = match ty.name.as_str() {
                "AnyPointer" | "AnyStruct" | "AnyList" | "Capability" => {
                    "write the type that it holds, or `Data` with its bytes"
                }
                _ => "declare it in this file, or import the file that does",
            };
            return Err((line, format!("`{ty}` has no form in Rust; {help}")));
        };
        let path = self.path(ty, line)?;
        match &declaration.kind {
            Kind::Interface { .. } => {
                let owned = format!("std::sync::Arc<dyn {path}>");
                Ok(Rust {
                    owned,
                    borrowed: None,
                    pointer: true,
                    object: true,
                    has_default: false,
                    has_objects: true,
                })
            }
            Kind::Enum(_) => Ok(Rust { has_default: false, ..value(path, None, false) }),
            Kind::Struct(_) => {
                let has_objects = self.known.has_objects(self.file, ty);
                let arguments = ty.arguments.iter().map(|argument| Ok(self.rust(argument, line)?.owned));
                let arguments: Vec<String> = arguments.collect::<Result<_, Error>>()?;
                if arguments.len() != declaration.parameters.len() && !arguments.is_empty() {
                    return Err((line, format!("`{ty}` has other type parameters than its struct")));
                }
                let arguments =
                    if arguments.is_empty() { String::new() } else { format!("<{}>", arguments.join(", ")) };
                let owned = format!("{path}{arguments}");
                let borrowed = Some(format!("&{owned}"));
                Ok(Rust { owned, borrowed, pointer: true, object: false, has_default: false, has_objects })
            }
            _ => Err((line, format!("`{ty}` is no type"))),
        }
    }

    fn list(&self, ty: &Type, line: usize) -> Result<Rust, Error> {
        let [item] = ty.arguments.as_slice() else {
            return Err((line, format!("`{ty}` is a list of nothing")));
        };
        if item.name == "UInt8" {
            let what = "`List(UInt8)` has no form in Rust, where bytes are `Data`; write `Data`, which looks the same on the wire";
            return Err((line, what.to_owned()));
        }
        let item = self.rust(item, line)?;
        Ok(Rust {
            owned: format!("Vec<{}>", item.owned),
            borrowed: Some(format!("&[{}]", item.owned)),
            pointer: true,
            object: false,
            has_default: true,
            has_objects: item.has_objects,
        })
    }

    /// Whether a field's value would be part of itself.
    pub(super) fn is_endless(&self, ty: &Type, of: &str) -> bool {
        let mut found = BTreeMap::new();
        self.known.inside(self.file, ty, false, &mut found);
        found.contains_key(&(self.file.to_owned(), of.to_owned()))
    }
}
