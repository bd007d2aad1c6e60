//! Structs and enums in Rust.
//!
//! In: a struct's fields. Out: a Rust struct, or where they are one union an enum, which the derive macro makes the same
//! schema of; and what parameters and results share with fields.

use super::names;
use super::text::{attribute, docs, float, nothing_left, take};
use super::types::{At, Rust, plain};
use crate::capnp::{Declaration, Error, Field, Type};

/// A field, a parameter or a result, with its flag if it has one.
pub(super) struct Value<'f> {
    pub(super) field: &'f Field,
    /// Whether a flag beside it says that it is there.
    pub(super) optional: bool,
    pub(super) ident: String,
    pub(super) rust: Rust,
    pub(super) words: Vec<String>,
    /// The C++ exception that it is.
    pub(super) exception: Option<String>,
}

impl Value<'_> {
    /// The type of an owned value.
    pub(super) fn owned(&self) -> String {
        if self.optional { format!("Option<{}>", self.rust.owned) } else { self.rust.owned.clone() }
    }
}

/// The values of fields in order: a flag right behind its value is part of it.
pub(super) fn values<'f>(at: At<'_>, fields: &'f [&'f Field]) -> Result<Vec<Value<'f>>, Error> {
    let mut found = Vec::new();
    let mut rest = fields;
    while let [field, behind @ ..] = rest {
        let optional = behind.first().is_some_and(|flag| is_flag(field, flag));
        rest = if optional { &behind[1..] } else { behind };
        found.push(value(at, field, optional)?);
    }
    Ok(found)
}

/// The name with something before it: `hasPrice`.
pub(super) fn prefixed(prefix: &str, name: &str) -> String {
    format!("{prefix}{}", mpgen::names::upper_camel(name))
}

fn is_flag(field: &Field, flag: &Field) -> bool {
    let cxx = take(&mut field.annotations.clone(), "name").map(|name| name.trim_matches('"').to_owned());
    let flag_cxx = take(&mut flag.annotations.clone(), "name").map(|name| name.trim_matches('"').to_owned());
    flag.name == prefixed("has", &field.name)
        && flag.ty.name == "Bool"
        && flag.ordinal == field.ordinal + 1
        && flag.place == field.place
        && field.default.is_empty()
        && flag.default.is_empty()
        && flag.docs.is_empty()
        && flag_cxx == cxx.map(|cxx| prefixed("has", &cxx))
        && field.ty.name != "Void"
}

fn value<'f>(at: At<'_>, field: &'f Field, optional: bool) -> Result<Value<'f>, Error> {
    let rust = at.rust(&field.ty, field.line)?;
    let ident = names::snake(&field.name);
    let mut words: Vec<String> = names::word(&ident, &field.name).into_iter().collect();
    let mut annotations = field.annotations.clone();
    words.extend(take(&mut annotations, "name").map(|name| format!("cxx_name = {name}")));
    let exception = take(&mut annotations, "exception");
    nothing_left(&annotations, field.line)?;
    if optional && rust.pointer {
        words.push("optional = flag".to_owned());
    }
    if !field.default.is_empty() {
        words.push(format!("default = {}", default(&field.ty, &field.default, field.line)?));
    }
    Ok(Value { field, optional, ident, rust, words, exception })
}

fn default(ty: &Type, value: &str, line: usize) -> Result<String, Error> {
    match plain(ty) {
        Some(rust @ ("f32" | "f64")) => Ok(float(value, rust)),
        Some("String" | "Vec<u8>" | "()") | None => {
            let what = "a default that is no number and no bool has no form in Rust; leave it out, and have whoever reads take the empty value for it";
            Err((line, what.to_owned()))
        }
        Some(_) => Ok(value.to_owned()),
    }
}

/// What a struct or an enum says before its name.
fn head(declaration: &Declaration, derives: &str, mut words: Vec<String>) -> Result<String, Error> {
    let mut annotations = declaration.annotations.clone();
    words.insert(0, "file = FILE".to_owned());
    let ident = names::ty(&declaration.name);
    if ident.trim_start_matches("r#") != declaration.name {
        words.push(format!("name = {:?}", declaration.name));
    }
    words.extend(declaration.id.iter().map(|id| format!("id = {id}")));
    words.extend(take(&mut annotations, "wrap").map(|cxx| format!("cxx = {cxx}")));
    nothing_left(&annotations, declaration.line)?;
    Ok(format!("{}#[derive({derives})]\n{}\n", docs(&declaration.docs), attribute(&words)))
}

/// The derives of a struct, by whether there are objects in it.
pub(super) fn derives(has_objects: bool) -> &'static str {
    if has_objects { "mp_runtime::IpcStruct" } else { "Clone, Debug, PartialEq, mp_runtime::IpcStruct" }
}

/// A struct.
pub(super) fn structure(at: At<'_>, declaration: &Declaration, fields: &[Field]) -> Result<String, Error> {
    let mut sorted: Vec<&Field> = fields.iter().collect();
    sorted.sort_by_key(|field| field.ordinal);
    let bare = !declaration.parameters.is_empty() && at.known.is_bare(at.file, &declaration.name);
    let mut words = Vec::new();
    let generics = match declaration.parameters.as_slice() {
        [] => String::new(),
        parameters if bare => {
            words.push(format!("generic({})", parameters.join(", ")));
            String::new()
        }
        parameters => {
            words.push("generic".to_owned());
            format!("<{}>", parameters.join(", "))
        }
    };
    let head = head(
        declaration,
        derives(
            at.known.has_objects(at.file, &Type { name: declaration.name.clone(), arguments: Vec::new() }),
        ),
        words,
    )?;
    let ident = names::ty(&declaration.name);
    if fields.iter().any(|field| !field.place.is_empty()) {
        let body = union(at, declaration, &sorted)?;
        return Ok(format!("{head}pub enum {ident}{generics} {{\n{body}}}\n"));
    }
    let mut body = String::new();
    for value in values(at, &sorted)? {
        body += &field(at, &declaration.name, &value, "    pub ");
    }
    let mentioned = |parameter: &String| {
        fn inside(ty: &Type, parameter: &str) -> bool {
            ty.name == parameter || ty.arguments.iter().any(|argument| inside(argument, parameter))
        }
        fields.iter().any(|field| inside(&field.ty, parameter))
    };
    for parameter in declaration.parameters.iter().filter(|parameter| !bare && !mentioned(parameter)) {
        let ident = names::snake(parameter);
        body += &format!(
            "    /// Of no field.\n    #[ipc(skip)]\n    pub of_{ident}: std::marker::PhantomData<{parameter}>,\n"
        );
    }
    Ok(format!("{head}pub struct {ident}{generics} {{\n{body}}}\n"))
}

/// A field with what is above it.
pub(super) fn field(at: At<'_>, of: &str, value: &Value<'_>, before: &str) -> String {
    let mut words = value.words.clone();
    words.extend(value.exception.iter().map(|cxx| format!("exception = {cxx}")));
    let mut owned = value.owned();
    if at.is_endless(&value.field.ty, of) {
        owned = format!("Option<Box<{}>>", value.rust.owned);
    }
    let indent: String = before.chars().take_while(|letter| *letter == ' ').collect();
    let above = format!("{}{}", docs(&value.field.docs), attribute(&words));
    let above: String = above.lines().map(|line| format!("{indent}{line}\n")).collect();
    format!("{above}{before}{}: {owned},\n", value.ident)
}

/// The variants of a struct that is one unnamed union.
fn union(at: At<'_>, declaration: &Declaration, fields: &[&Field]) -> Result<String, Error> {
    let mut variants: Vec<(&str, Vec<&Field>)> = Vec::new();
    for field in fields {
        let Some(group) = field.place.strip_prefix("union.") else {
            return Err((field.line, "a struct with fields beside a union, or with a union or group that has a name, has no form in Rust; only a struct that is one unnamed union has, which is an `enum`; move the union or the group to a struct of its own, and hold that in a field".to_owned()));
        };
        let group = group.trim_end_matches('.');
        if group.contains('.') {
            return Err((
                field.line,
                "a union in a union has no form in Rust; move the inner one to a struct of its own"
                    .to_owned(),
            ));
        }
        let name = if group.is_empty() { field.name.as_str() } else { group };
        match variants.iter_mut().find(|(known, _)| *known == name) {
            Some((_, fields)) => fields.push(field),
            None => variants.push((name, vec![field])),
        }
    }
    let flat = variants.iter().flat_map(|(_, fields)| fields);
    if flat.zip(0..).any(|(field, index)| field.ordinal != index) {
        return Err((
            declaration.line,
            "the fields of a variant do not follow each other by their ordinals, which has no form in Rust; move them to a struct of their own, and hold that in the variant"
                .to_owned(),
        ));
    }
    let mut body = String::new();
    for (name, fields) in variants {
        let ident = names::variant(name);
        let lower = ident.strip_prefix("r#").unwrap_or(&ident);
        let mut words: Vec<String> = (super::structure::lower(lower) != name)
            .then(|| format!("name = {name:?}"))
            .into_iter()
            .collect();
        let group = fields.first().is_some_and(|field| field.place != "union.");
        if group {
            body += &format!("{}    {ident} {{\n", above("    ", &[], &words));
            for value in values(at, &fields)? {
                body += &field(at, &declaration.name, &value, "        ");
            }
            body += "    },\n";
            continue;
        }
        for value in values(at, &fields)? {
            words.extend(value.words.iter().filter(|word| !word.starts_with("name = ")).cloned());
            let endless = at.is_endless(&value.field.ty, &declaration.name);
            let ty = if endless { format!("Box<{}>", value.rust.owned) } else { value.owned() };
            let payload = if ty == "()" { String::new() } else { format!("({ty})") };
            body += &format!("{}    {ident}{payload},\n", above("    ", &value.field.docs, &words));
        }
    }
    Ok(body)
}

/// What the generator makes of a variant's name.
fn lower(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|first| first.to_lowercase().to_string()).unwrap_or_default();
    mpgen::names::camel(&(first + letters.as_str()))
}

fn above(indent: &str, comment: &[String], words: &[String]) -> String {
    let text = format!("{}{}", docs(comment), attribute(words));
    text.lines().map(|line| format!("{indent}{line}\n")).collect()
}

/// An enum.
pub(super) fn enumeration(declaration: &Declaration, enumerants: &[Field]) -> Result<String, Error> {
    let derives = "Clone, Copy, Debug, PartialEq, Eq, mp_runtime::IpcEnum";
    let head = head(declaration, derives, vec!["wire = enumerant".to_owned()])?;
    let mut sorted: Vec<&Field> = enumerants.iter().collect();
    sorted.sort_by_key(|one| one.ordinal);
    let mut body = String::new();
    for one in sorted {
        nothing_left(&one.annotations, one.line)?;
        let ident = names::variant(&one.name);
        let differs = lower(ident.trim_start_matches("r#")) != one.name;
        let words: Vec<String> = differs.then(|| format!("name = {:?}", one.name)).into_iter().collect();
        body += &format!("{}    {ident},\n", above("    ", &one.docs, &words));
    }
    Ok(format!("{head}pub enum {} {{\n{body}}}\n", names::ty(&declaration.name)))
}
