//! `#[ipc_interface(…)]` on a trait.

use proc_macro2::TokenStream;
use syn::{FnArg, Ident, ItemTrait, TraitItem, TypeParamBound};

use super::passing::{passing, returns};
use super::versions::{Versions, versions};
use super::view::view;
use super::{file_words, wire};
use crate::model::{self, Form, Interface, Method, Param, Passing, Wire};
use crate::names::{MARKERS, camel};
use crate::report::Report;
use crate::words::{self, Value, Word, Words, docs};

/// Reads a trait, with its older forms and its other view.
pub fn interface(args: TokenStream, item: ItemTrait, report: &Report) -> Interface {
    let mut words = words::of_arguments(args, report);
    let (current, older) = versions(&mut words, report);
    let view = view(&mut words, &item.ident, report);
    let mut interface = version(words.clone(), item.clone(), &current, None, report);
    interface.view = view.map(|view| {
        let other = view.of(&item);
        let read = |words: &[Word], versions: Versions, who: &str| {
            let words = view.words(&item, words);
            let versions = versions.of_view();
            let (read, mistakes) =
                Report::apart(|report| version(words, other.clone(), &versions, Some(who), report));
            Interface { mistakes, is_view: true, ..read }
        };
        let forms = older.iter().filter_map(|older| {
            let form = Form { ident: older.view.clone()?, title: older.title.clone() };
            let read = read(&older.words, older.versions.clone(), &older.title);
            Some(Interface { form: Some(form), ..read })
        });
        let older = forms.collect();
        let read = read(&words, current.clone(), &view.ident.to_string());
        let wraps = view.wraps(&item, &interface.bases);
        Box::new(model::View { interface: Interface { older, ..read }, wraps })
    });
    let forms = older.into_iter().map(|older| {
        let form = Form { ident: older.form, title: older.title };
        let (read, mistakes) = Report::apart(|report| {
            version(older.words, item.clone(), &older.versions, Some(&form.title), report)
        });
        Interface { form: Some(form), mistakes, ..read }
    });
    interface.older = forms.collect();
    interface
}

/// Reads a trait in the form of one version. `who` is what people call the form, if it is not the trait's own.
fn version(
    words: Vec<Word>,
    mut item: ItemTrait,
    versions: &Versions,
    who: Option<&str>,
    report: &Report,
) -> Interface {
    let mut words = Words::of_list(words, "an interface", words::INTERFACE, report);
    let bases = bases(&item);
    let construct = construct(&mut words, report);
    let destroy = destroy(&mut words, construct.is_some(), !bases.is_empty(), report);
    let mut next = Ordinals::new(construct.iter().map(|(_, ordinal)| *ordinal).chain(destroy));
    let functions = item.items.iter_mut().filter_map(|entry| match entry {
        TraitItem::Fn(function) => {
            let (method, mistakes) =
                Report::apart(|report| method(function, &mut next, versions, who, report));
            Some(Method { mistakes, ..method })
        }
        _ => None,
    });
    Interface {
        functions: functions.collect(),
        runtime: words.runtime(),
        form: None,
        view: None,
        is_view: false,
        older: Vec::new(),
        docs: docs(&item.attrs),
        name: words.text("name").unwrap_or_else(|| item.ident.to_string()),
        file: file_words(&mut words, report),
        id: words.id("id").map(|(id, _)| id),
        cxx: words.text("cxx"),
        types: words.ty("types"),
        construct,
        destroy,
        callback: words.flag("callback"),
        panic_on_disconnect: words.flag("panic_on_disconnect").is_some(),
        bases,
        unused: words.paths("unused"),
        wants_bodies: versions.wants_bodies(),
        mistakes: Vec::new(),
        item,
    }
}

/// The supertraits that are interfaces too.
fn bases(item: &ItemTrait) -> Vec<syn::Path> {
    let paths = item.supertraits.iter().filter_map(|bound| match bound {
        TypeParamBound::Trait(bound) => Some(&bound.path),
        _ => None,
    });
    paths
        .filter(|path| {
            path.segments.last().is_some_and(|last| !MARKERS.iter().any(|name| last.ident == name))
        })
        .cloned()
        .collect()
}

fn construct(words: &mut Words<'_>, report: &Report) -> Option<(String, u16)> {
    let word = words.take("construct")?;
    match word.value {
        Value::None => Some(("construct".to_owned(), 0)),
        Value::List(list) => {
            let mut inner = Words::of_list(list, "`construct`", words::CONSTRUCT, report);
            Some((
                inner.text("name").unwrap_or_else(|| "construct".to_owned()),
                inner.number("ordinal").unwrap_or(0),
            ))
        }
        _ => {
            report.at(&word.name, "write `construct`, or `construct(name = \"…\", ordinal = …)`");
            None
        }
    }
}

fn destroy(words: &mut Words<'_>, constructs: bool, extends: bool, report: &Report) -> Option<u16> {
    let Some(word) = words.take("destroy") else {
        return (!constructs && !extends).then_some(0);
    };
    match word.value {
        Value::None => Some(0),
        Value::Expr(syn::Expr::Lit(ref literal)) if let syn::Lit::Bool(wanted) = &literal.lit => {
            wanted.value.then_some(0)
        }
        Value::List(list) => {
            let mut inner = Words::of_list(list, "`destroy`", words::DESTROY, report);
            Some(inner.number("ordinal").unwrap_or(0))
        }
        _ => {
            report.at(&word.name, "write `destroy = false`, or `destroy(ordinal = …)`");
            None
        }
    }
}

/// Hands out ordinals in declaration order, after the reserved ones.
struct Ordinals {
    reserved: Vec<u16>,
    next: u16,
}

impl Ordinals {
    fn new(reserved: impl Iterator<Item = u16>) -> Self {
        Ordinals { reserved: reserved.collect(), next: 0 }
    }

    fn take(&mut self, explicit: Option<u16>) -> u16 {
        let ordinal = explicit.unwrap_or_else(|| {
            while self.reserved.contains(&self.next) && self.next < u16::MAX {
                self.next += 1;
            }
            self.next
        });
        self.next = ordinal.saturating_add(1);
        ordinal
    }
}

/// Reads a function of the trait, which loses our attributes.
fn method(
    function: &mut syn::TraitItemFn,
    ordinals: &mut Ordinals,
    versions: &Versions,
    who: Option<&str>,
    report: &Report,
) -> Method {
    let mut words = versions.words(&mut function.attrs, "a method", words::METHOD, report);
    let inputs = function.sig.inputs.iter_mut().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(versions.words(&mut typed.attrs, "a parameter", words::PARAM, report)),
        FnArg::Receiver(_) => None,
    });
    let param_words: Vec<Words<'_>> = inputs.collect();
    let (sig, ident) = (function.sig.clone(), &function.sig.ident);
    let deprecated = words.take("deprecated").map(|word| match word.value {
        Value::Expr(syn::Expr::Lit(ref literal)) if let syn::Lit::Str(text) = &literal.lit => text.value(),
        _ => format!("{ident} is deprecated and kept only for its place in the interface"),
    });
    let local = words.flag("local");
    if local.is_some() {
        words.none_left("a local method is not on the wire");
    }
    let name = words.text("name").unwrap_or_else(|| camel(&ident.to_string()));
    let life = versions.life(&mut words, report);
    let lacks = versions.lacks(&life);
    let ordinal = words.number("ordinal");
    let secret = words.flag("secret").is_some();
    let exception = exception(&mut words, report);
    let typed = sig.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(typed),
        FnArg::Receiver(_) => None,
    });
    let params =
        typed.zip(param_words).filter_map(|(typed, words)| param(typed, words, secret, versions, report));
    Method {
        params: params.collect(),
        attrs: function.attrs.clone(),
        has_body: function.default.is_some(),
        is_broken: false,
        mistakes: Vec::new(),
        cxx_name: words.text("cxx_name"),
        docs: docs(&function.attrs),
        ordinal: if lacks.is_none() && local.is_none() { ordinals.take(ordinal) } else { 0 },
        local,
        life,
        lacks: lacks.map(|why| match who {
            Some(who) => format!("{who} has no {name}; {why}"),
            None => why,
        }),
        context: words.flag("no_context").is_none(),
        deprecated,
        interrupt: words.take("interrupt").and_then(|word| match word.value {
            Value::Expr(syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. })) => Some(text),
            _ => {
                let usage = "`interrupt` needs the name of a method: write `interrupt = \"other_method\"`";
                report.at(&word.name, usage);
                None
            }
        }),
        pipelined: words.flag("pipelined").is_some(),
        returns: returns(&sig.output, exception.is_some()),
        result: result(&mut words, secret, report),
        results: words.take("results").and_then(|word| match word.value {
            Value::None => Some((word.name, None)),
            Value::Expr(syn::Expr::Path(path)) => Some((word.name, Some(path.path))),
            _ => {
                report.at(
                    &word.name,
                    "write `results`, or `results = module` with a module that converts them",
                );
                None
            }
        }),
        exception,
        name,
        sig,
    }
}

/// Reads a parameter. One without a name is found where the signature is checked.
fn param(
    typed: &syn::PatType,
    mut words: Words<'_>,
    secret: bool,
    versions: &Versions,
    report: &Report,
) -> Option<Param> {
    let ident: Ident = crate::syntax::plain_name(&typed.pat)?.clone();
    let life = versions.life(&mut words, report);
    let lacks = versions.lacks(&life);
    let absent = words.expr("absent");
    let (out, want) = (words.flag("out").is_some(), words.flag("want").is_some());
    let mut wire = wire::wire(&mut words, camel(&ident.to_string()), String::new(), report);
    wire.secret |= secret;
    let passing = match (&lacks, &absent, passing(&typed.ty, out)) {
        (Some(_), Some(absent), Passing::Owned(_)) => Passing::Absent(absent.clone()),
        (.., passing) => passing,
    };
    Some(Param { ident, ty: (*typed.ty).clone(), passing, out, want, absent, life, lacks, wire })
}

fn result(words: &mut Words<'_>, secret: bool, report: &Report) -> Wire {
    let list = match words.take("result").map(|word| (word.name, word.value)) {
        None => Vec::new(),
        Some((_, Value::List(list))) => list,
        Some((name, _)) => {
            report.at(&name, "write `result(name = \"…\", …)`");
            Vec::new()
        }
    };
    let mut inner = Words::of_list(list, "`result`", words::RESULT, report);
    let mut wire = wire::wire(&mut inner, "result".to_owned(), String::new(), report);
    wire.secret |= secret;
    wire
}

fn exception(words: &mut Words<'_>, report: &Report) -> Option<(Wire, Option<String>)> {
    let word = words.take("exception")?;
    let list = match word.value {
        Value::None => Vec::new(),
        Value::List(list) => list,
        _ => {
            report.at(&word.name, "write `exception`, or `exception(name = \"…\", cxx = \"…\")`");
            Vec::new()
        }
    };
    let mut inner = Words::of_list(list, "`exception`", words::EXCEPTION, report);
    let cxx = inner.text("cxx");
    Some((wire::wire(&mut inner, "error".to_owned(), String::new(), report), cxx))
}
