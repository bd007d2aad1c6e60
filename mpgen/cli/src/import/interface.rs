//! Interfaces in Rust.
//!
//! In: an interface's methods. Out: a trait that the attribute makes the same interface of. Results that are no return
//! value, and no parameters that come back, are a struct of their own.

use super::names;
use super::structure::{Value, derives, field, prefixed, values};
use super::text::{attribute, docs, nothing_left, take};
use super::types::At;
use crate::capnp::{Declaration, Error, Field, Method, Type};

/// A trait, and the structs of its results.
pub(super) fn interface(
    at: At<'_>,
    declaration: &Declaration,
    extends: &[Type],
    methods: &[Method],
) -> Result<String, Error> {
    let line = declaration.line;
    if !declaration.parameters.is_empty() {
        return Err((
            line,
            "a generic interface has no form in Rust; write one interface for each type".to_owned(),
        ));
    }
    let mut sorted: Vec<&Method> = methods.iter().collect();
    sorted.sort_by_key(|method| method.ordinal);
    let ident = names::ty(&declaration.name);
    let mut words = vec!["file = FILE".to_owned()];
    if ident.trim_start_matches("r#") != declaration.name {
        words.push(format!("name = {:?}", declaration.name));
    }
    words.extend(declaration.id.iter().map(|id| format!("id = {id}")));
    let construct = sorted.iter().find(|method| is_construct(method));
    words.extend(construct.map(|method| match (method.name.as_str(), method.ordinal) {
        ("construct", 0) => "construct".to_owned(),
        (name, ordinal) => format!("construct(name = {name:?}, ordinal = {ordinal})"),
    }));
    let implied = construct.is_none() && extends.is_empty();
    match sorted.iter().find(|method| is_destroy(method)).map(|method| method.ordinal) {
        Some(0) if implied => {}
        Some(ordinal) => words.push(format!("destroy(ordinal = {ordinal})")),
        None if implied => words.push("destroy = false".to_owned()),
        None => {}
    }
    let mut annotations = declaration.annotations.clone();
    words.extend(take(&mut annotations, "wrap").map(|cxx| format!("cxx = {cxx}")));
    nothing_left(&annotations, line)?;
    let unused = at.known.unused(at.file, &declaration.name);
    if !unused.is_empty() {
        let paths = unused.iter().map(|ty| Ok(at.rust(ty, line)?.owned.replacen('<', "::<", 1)));
        let paths: Result<Vec<String>, Error> = paths.collect();
        words.push(format!("unused = [{}]", paths?.join(", ")));
    }
    let bases: Result<Vec<String>, Error> = extends.iter().map(|base| at.path(base, line)).collect();
    let bases = bases?;
    let bases = if bases.is_empty() { "Send + Sync".to_owned() } else { bases.join(" + ") };
    let (mut body, mut results) = (String::new(), String::new());
    for method in sorted.into_iter().filter(|method| !is_construct(method) && !is_destroy(method)) {
        let (text, structure) = self::method(at, declaration, method)?;
        body += &text.lines().map(|line| format!("    {line}\n")).collect::<String>();
        results += &structure;
    }
    Ok(format!(
        "{}#[mp_runtime::ipc_interface({})]\npub trait {ident}: {bases} {{\n{body}}}\n{results}",
        docs(&declaration.docs),
        words.join(", ")
    ))
}

fn is_thread_map(field: &Field) -> bool {
    field.name == "threadMap" && field.ty.name == "mp/proxy.capnp:ThreadMap"
}

fn is_context(field: &Field) -> bool {
    field.name == "context" && field.ty.name == "mp/proxy.capnp:Context"
}

fn is_construct(method: &Method) -> bool {
    matches!((method.params.as_slice(), method.results.as_slice()), ([given], [got]) if is_thread_map(given) && is_thread_map(got))
}

fn is_destroy(method: &Method) -> bool {
    method.name == "destroy"
        && method.results.is_empty()
        && matches!(method.params.as_slice(), [only] if is_context(only))
}

/// A method, and the struct of its results if there is one.
fn method(at: At<'_>, of: &Declaration, method: &Method) -> Result<(String, String), Error> {
    if method.params.iter().chain(&method.results).any(|field| field.name.is_empty()) {
        return Err((method.line, "parameters or results that are a struct of their own have no form in Rust; write them in brackets".to_owned()));
    }
    let mut words = Vec::new();
    let ident = names::snake(&method.name);
    words.extend(names::word(&ident, &method.name));
    let context = method.params.first().is_some_and(is_context);
    if !context {
        words.push("no_context".to_owned());
    }
    let mut annotations = method.annotations.clone();
    words.extend(take(&mut annotations, "name").map(|name| format!("cxx_name = {name}")));
    nothing_left(&annotations, method.line)?;
    let params: Vec<&Field> = method.params.iter().skip(usize::from(context)).collect();
    let results: Vec<&Field> = method.results.iter().collect();
    let (mut params, mut results) = (values(at, &params)?, values(at, &results)?);
    let ways = ways(&params, &results);
    let mut structure = String::new();
    let returned = match &ways {
        Some(ways) => {
            let rest = results.split_off(ways.iter().filter(|way| !matches!(way, Way::In)).count());
            returned(&rest, &mut words)
        }
        None => {
            let name = format!("{}{}Results", names::ty(&of.name), mpgen::names::upper_camel(&method.name));
            words.push("results".to_owned());
            let has_objects = results.iter().any(|value| value.rust.has_objects);
            let fields: String = results.iter().map(|value| field(at, &name, value, "    pub ")).collect();
            structure = format!(
                "\n/// The results of [`{}::{ident}`].\n#[derive({})]\npub struct {name} {{\n{fields}}}\n",
                names::ty(&of.name),
                derives(has_objects)
            );
            name
        }
    };
    let ways = ways.unwrap_or_else(|| params.iter().map(|_| Way::In).collect());
    let arguments: Vec<String> =
        params.iter_mut().zip(ways).map(|(param, way)| argument(param, &way)).collect();
    let text = format!(
        "{}{}\nfn {ident}(&self{}) -> mp_runtime::Result<{returned}>;\n",
        docs(&method.docs),
        attribute(&words),
        arguments.iter().map(|argument| format!(", {argument}")).collect::<String>(),
    );
    Ok((text.replace("\n\n", "\n").trim_start_matches('\n').to_owned(), structure))
}

/// How a parameter travels.
enum Way {
    /// To the method only.
    In,
    /// Also back.
    InOut,
    /// Only back, if it is wanted, in the result of this type.
    Want(String, Vec<String>),
}

/// How the parameters travel, where the results are those that come back, in the same order, and at most a value and a
/// declared exception.
fn ways(params: &[Value<'_>], results: &[Value<'_>]) -> Option<Vec<Way>> {
    let mut ways = Vec::new();
    let mut rest = results;
    for param in params {
        let way = match rest {
            [back, behind @ ..] if back.field.name == param.field.name => {
                let same =
                    back.field.ty == param.field.ty && back.optional == param.optional && !back.rust.object;
                let plain = back.exception.is_none()
                    && back.field.default.is_empty()
                    && param.field.default.is_empty();
                if !same || !plain || back.words != param.words {
                    return None;
                }
                rest = behind;
                Way::InOut
            }
            [back, behind @ ..]
                if param.field.name == prefixed("want", &back.field.name)
                    && param.rust.owned == "bool"
                    && param.words.is_empty()
                    && back.exception.is_none()
                    && back.field.default.is_empty()
                    && (back.optional || back.rust.has_default) =>
            {
                rest = behind;
                Way::Want(back.owned(), back.words.clone())
            }
            _ => Way::In,
        };
        ways.push(way);
    }
    let fits = match rest {
        [] => true,
        [one] => one.exception.is_none() || !one.optional && one.words.is_empty(),
        [value, error] => {
            value.exception.is_none()
                && error.exception.is_some()
                && error.words.is_empty()
                && !error.optional
        }
        _ => false,
    };
    let known = |value: &Value<'_>| params.iter().any(|param| param.field.name == value.field.name);
    (fits && !rest.iter().any(known)).then_some(ways)
}

/// What a method returns, with the words that say how.
fn returned(rest: &[Value<'_>], words: &mut Vec<String>) -> String {
    let (value, error) = match rest {
        [.., error] if error.exception.is_some() => (rest.first().filter(|_| rest.len() > 1), Some(error)),
        _ => (rest.first(), None),
    };
    let mut ty = "()".to_owned();
    if let Some(value) = value {
        let mut own = value.words.clone();
        if value.field.name != "result" {
            own.retain(|word| !word.starts_with("name = "));
            own.insert(0, format!("name = {:?}", value.field.name));
        }
        if !own.is_empty() {
            words.push(format!("result({})", own.join(", ")));
        }
        // Nobody says that an object is always there.
        ty = if value.rust.object && !value.optional {
            format!("Option<{}>", value.rust.owned)
        } else {
            value.owned()
        };
    }
    if let Some(error) = error {
        let cxx = error.exception.iter().map(|cxx| format!("cxx = {cxx}"));
        let name = (error.field.name != "error").then(|| format!("name = {:?}", error.field.name));
        let own: Vec<String> = name.into_iter().chain(cxx).collect();
        words.push(format!("exception({})", own.join(", ")));
        ty = format!("std::result::Result<{ty}, {}>", error.rust.owned);
    }
    ty
}

fn argument(param: &mut Value<'_>, way: &Way) -> String {
    let mut words = std::mem::take(&mut param.words);
    let mut ident = param.ident.clone();
    let ty = match way {
        Way::In if param.optional && param.rust.pointer && !param.rust.object => {
            let borrowed = param.rust.borrowed.clone().unwrap_or_else(|| param.rust.owned.clone());
            format!("Option<{borrowed}>")
        }
        Way::In => match &param.rust.borrowed {
            Some(borrowed) if !param.optional => borrowed.clone(),
            _ => param.owned(),
        },
        Way::InOut => format!("&mut {}", param.owned()),
        Way::Want(ty, own) => {
            let name = param.field.name.trim_start_matches("want");
            let mut letters = name.chars();
            let first = letters.next().map(|first| first.to_lowercase().to_string()).unwrap_or_default();
            let name = first + letters.as_str();
            ident = names::snake(&name);
            words = own.iter().filter(|word| !word.starts_with("name = ")).cloned().collect();
            words.extend(names::word(&ident, &name));
            words.push("want".to_owned());
            format!("Option<&mut {ty}>")
        }
    };
    let attribute = attribute(&words);
    let space = if attribute.is_empty() { "" } else { " " };
    format!("{attribute}{space}{ident}: {ty}")
}
