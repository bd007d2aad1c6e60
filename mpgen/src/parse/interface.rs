//! `#[ipc_interface(…)]` on a trait.

use proc_macro2::TokenStream;
use syn::{FnArg, ItemTrait, TraitItem, TypeParamBound};

use super::passing::{Declared, Direction, passing, returns};
use super::versions::{Older, Versions, versions};
use super::view::{View, view};
use super::{file_words, wire};
use crate::check;
use crate::model::{self, FileRef, Form, Interface, Method, Param, Passing, Wire};
use crate::names::camel;
use crate::report::Report;
use crate::words::{self, Value, Word, Words, docs};

/// Supertraits that are not interfaces.
const ORDINARY: &[&str] = &["Send", "Sync", "Debug", "Any", "Unpin", "UnwindSafe", "RefUnwindSafe"];

/// Reads a trait. `item` loses our attributes, so that it can be emitted in any case.
pub fn interface(args: TokenStream, item: &mut ItemTrait, report: &Report) -> Option<Interface> {
    let mut words = words::of_arguments(args, report);
    let runtime = runtime(&words);
    let (current, older) = versions(&mut words, report);
    let view = view(&mut words, &item.ident, report);
    let written = item.clone();
    let own = words.clone();
    let read = version(words, item, &current, report);
    if !report.is_empty() && !can_be_an_object(item) {
        return None;
    }
    if !report.is_empty() || read.is_none() {
        // A mistake that is not of one version, or of one view, would be found in each.
        let base = read.filter(|_| report.is_clean()).unwrap_or_else(|| broken(item, &runtime));
        let view = view.map(|view| Box::new(broken_view(&view, item, &older, &runtime)));
        let older = older.into_iter().map(|older| broken_form(older.form, older.title, item, &runtime));
        return Some(Interface { older: older.collect(), view, ..base });
    }
    let mut interface = read?;
    if !older.is_empty() {
        check::versions_stand_alone(&interface, report);
    }
    if let Some(view) = view {
        let mut other = view.of(&written);
        let read = within(&view.ident, report, |report| {
            version(view.words(&written, &own), &mut other, &current.of_view(), report)
        });
        let Some(mut read) = read else { return Some(interface) };
        read.is_view = true;
        named(&mut read.lacking, &read.item.ident.to_string());
        for one in &older {
            let Some(form) = one.view.clone() else { continue };
            let form = Older { form, versions: one.versions.clone().of_view(), ..one.clone() };
            let words = view.words(&written, &form.words);
            read.older.extend(older_form(Older { words, ..form }, &view.of(&written), &read.item, report));
        }
        read.older.iter_mut().for_each(|form| form.is_view = true);
        let wraps = view.wraps(&written, &interface.bases);
        interface.view = Some(Box::new(model::View { interface: read, wraps }));
    }
    for one in older {
        interface.older.extend(older_form(one, &written, item, report));
    }
    Some(interface)
}

/// Reads something with the name of the trait in each of its mistakes, which the user did not write as such.
fn within<T>(name: &syn::Ident, report: &Report, read: impl FnOnce(&Report) -> Option<T>) -> Option<T> {
    let own = Report::new();
    let read = read(&own);
    for error in own.finish() {
        report.add(syn::Error::new(error.span(), format!("{error} (in `{name}`)")));
    }
    read
}

/// The form of an older version. `item` is the trait as it is emitted.
fn older_form(older: Older, written: &ItemTrait, item: &ItemTrait, report: &Report) -> Option<Interface> {
    let Older { form, title, versions, words, .. } = older;
    let mut read = within(&form, report, |report| version(words, &mut written.clone(), &versions, report))?;
    named(&mut read.lacking, &title);
    Some(Interface { form: Some(Form { ident: form, title }), item: item.clone(), ..read })
}

/// Says in each reason who lacks a method.
fn named(lacking: &mut [(Method, String)], who: &str) {
    for (method, why) in lacking {
        *why = format!("{who} has no {}; {why}", method.name);
    }
}

/// Where the runtime is, by words that have yet to be checked.
fn runtime(words: &[Word]) -> syn::Path {
    let quiet = Report::new();
    let own = words.iter().filter(|word| word.name == "crate").cloned().collect();
    let runtime = Words::of_list(own, "an interface", words::INTERFACE, &quiet).runtime();
    // Mistakes are found again where the words are read.
    quiet.finish();
    runtime
}

/// Whether `dyn Trait` is a type that the trait can be implemented for, whatever else is wrong, so that those who name it
/// need not hear of more mistakes than there are.
fn can_be_an_object(item: &ItemTrait) -> bool {
    let has_no_size = |input: &FnArg| matches!(input, FnArg::Typed(typed) if matches!(*typed.ty, syn::Type::TraitObject(_) | syn::Type::Slice(_)));
    let hides_its_result = |output: &syn::ReturnType| {
        let output = quote::ToTokens::to_token_stream(output);
        output
            .into_iter()
            .any(|token| matches!(token, proc_macro2::TokenTree::Ident(ident) if ident == "impl"))
    };
    item.generics.params.is_empty()
        && item.unsafety.is_none()
        && item.items.iter().all(|entry| match entry {
            TraitItem::Fn(function) => {
                !hides_its_result(&function.sig.output) && !function.sig.inputs.iter().any(has_no_size)
            }
            _ => false,
        })
}

fn broken_form(ident: syn::Ident, title: String, item: &ItemTrait, runtime: &syn::Path) -> Interface {
    let name = ident.to_string();
    Interface { form: Some(Form { ident, title }), name, ..broken(item, runtime) }
}

fn broken_view(view: &View, item: &ItemTrait, older: &[Older], runtime: &syn::Path) -> model::View {
    let other = view.of(item);
    let forms = older.iter().filter_map(|older| Some((older.view.clone()?, older.title.clone())));
    let forms = forms.map(|(form, title)| broken_form(form, title, &other, runtime)).collect();
    let interface = Interface { older: forms, is_view: true, ..broken(&other, runtime) };
    model::View { interface, wraps: false }
}

/// A trait of which nothing is known but that it is one.
fn broken(item: &ItemTrait, runtime: &syn::Path) -> Interface {
    let mut item = item.clone();
    for bound in ["Send", "Sync"] {
        let bound = quote::format_ident!("{bound}");
        item.supertraits.push(syn::parse_quote!(::core::marker::#bound));
    }
    let functions = item.items.iter().filter_map(|entry| match entry {
        TraitItem::Fn(function) => Some(function.clone()),
        _ => None,
    });
    Interface {
        runtime: runtime.clone(),
        form: None,
        view: None,
        is_view: false,
        older: Vec::new(),
        lacking: Vec::new(),
        docs: String::new(),
        name: item.ident.to_string(),
        file: FileRef::Inline { name: String::new(), id: 0 },
        id: None,
        cxx: None,
        types: syn::parse_quote!(()),
        construct: None,
        destroy: None,
        callback: false,
        panic_on_disconnect: false,
        bases: Vec::new(),
        unused: Vec::new(),
        methods: Vec::new(),
        broken: functions.collect(),
        item,
    }
}

/// Reads a trait in the form of one version.
fn version(
    words: Vec<Word>,
    item: &mut ItemTrait,
    versions: &Versions,
    report: &Report,
) -> Option<Interface> {
    let mut words = Words::of_list(words, "an interface", words::INTERFACE, report);
    check::trait_is_not_generic(item, report);
    check::trait_is_safe(item, report);
    check::items_are_methods(item, report);
    let bases = bases(item);
    check::trait_is_send_and_sync(item, !bases.is_empty(), report);
    let file = file_words(&mut words, report);
    if matches!(file, Some(None)) {
        report.at(&item.ident, "an interface needs a schema file; write `#[ipc_interface(file = \"name.capnp\", file_id = 0x…)]` (have `mpgen id` make the id), or `file = MY_FILE` with a file that `ipc_file!` declares");
    }
    let construct = construct(&mut words, report);
    let destroy = destroy(&mut words, construct.is_some(), !bases.is_empty(), report);
    let callback = words.flag("callback");
    let panic_on_disconnect = words.flag("panic_on_disconnect").is_some();
    let name = words.text("name").unwrap_or_else(|| item.ident.to_string());
    check::type_name_fits_the_schema(&name, item.ident.span(), report);
    let types = words.ty("types");
    let runtime = words.runtime();
    let mut next = Ordinals::new(construct.iter().map(|(_, ordinal)| *ordinal).chain(destroy));
    let mut methods = Vec::new();
    let mut lacking = Vec::new();
    let mut interrupts = Vec::new();
    let mut broken = Vec::new();
    for entry in &mut item.items {
        let TraitItem::Fn(function) = entry else { continue };
        // A mistake in one method costs this one, and not the others.
        let own = Report::new();
        let read = method(function, panic_on_disconnect, types.is_some(), &mut next, versions, &own);
        match (report.contain(own), read) {
            (false, _) => broken.push(function.clone()),
            (true, Some(Read { method, lacks: Some(why), .. })) => lacking.push((method, why)),
            (true, Some(Read { method, interrupt, .. })) => {
                methods.push(method);
                interrupts.push(interrupt);
            }
            (true, None) => {}
        }
    }
    if let Some(span) = callback {
        let plain = matches!(methods.as_slice(), [only] if only.sig.asyncness.is_none());
        if !plain && broken.is_empty() {
            report.add(syn::Error::new(
                span,
                "a callback interface has exactly one method, which calls the closure; write one `fn call(&self, …)` without `async`, or leave `callback` out",
            ));
        }
    }
    resolve_interrupts(&mut methods, &lacking, &broken, interrupts, report);
    let interface = Interface {
        runtime,
        form: None,
        view: None,
        is_view: false,
        older: Vec::new(),
        lacking,
        docs: docs(&item.attrs),
        name,
        file: file??,
        id: words.id("id").map(|(id, _)| id),
        cxx: words.text("cxx"),
        types: types.unwrap_or_else(|| syn::parse_quote!(())),
        construct,
        destroy,
        callback: callback.is_some() && broken.is_empty(),
        panic_on_disconnect,
        bases,
        unused: words.paths("unused"),
        methods,
        broken,
        item: item.clone(),
    };
    check::methods_are_unique(&interface, report);
    if report.is_empty() {
        check::ordinals_are_complete(&interface, report);
    }
    Some(interface)
}

/// The supertraits that are interfaces too.
fn bases(item: &ItemTrait) -> Vec<syn::Path> {
    let paths = item.supertraits.iter().filter_map(|bound| match bound {
        TypeParamBound::Trait(bound) => Some(&bound.path),
        _ => None,
    });
    paths
        .filter(|path| {
            path.segments.last().is_some_and(|last| !ORDINARY.iter().any(|name| last.ident == name))
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
            while self.reserved.contains(&self.next) {
                self.next += 1;
            }
            self.next
        });
        self.next = ordinal.saturating_add(1);
        ordinal
    }
}

fn method(
    function: &mut syn::TraitItemFn,
    may_panic: bool,
    has_types: bool,
    ordinals: &mut Ordinals,
    versions: &Versions,
    report: &Report,
) -> Option<Read> {
    let attrs = &mut function.attrs;
    let mut words = versions.words(attrs, "a method", words::METHOD, report);
    let mut param_words: Vec<Option<Words<'_>>> = Vec::new();
    for input in &mut function.sig.inputs {
        param_words.push(match input {
            FnArg::Typed(typed) => {
                let attrs = &mut typed.attrs;
                Some(versions.words(attrs, "a parameter", words::PARAM, report))
            }
            FnArg::Receiver(_) => None,
        });
    }
    let deprecated = words.take("deprecated");
    let sig = &function.sig;
    if let Some(local) = words.flag("local") {
        words.none_left("a local method is not on the wire");
        check::local_has_a_body(function, local, report);
        return None;
    }
    check::is_in_every_build(&function.attrs, "method", "trait", report);
    for input in &sig.inputs {
        if let FnArg::Typed(typed) = input {
            check::is_in_every_build(&typed.attrs, "parameter", "trait", report);
        }
    }
    check::receiver_is_shared(sig, report);
    check::signature_is_plain(sig, report);
    let ident = &sig.ident;
    let lacks = versions.lacks(&mut words, report);
    if lacks.is_some() && versions.wants_bodies() {
        check::a_method_of_old_has_a_body(function, report);
    }
    let name = words.text("name").unwrap_or_else(|| camel(&ident.to_string()));
    check::name_fits_the_schema(&name, false, ident.span(), report);
    let ordinal = words.number("ordinal");
    let ordinal = if lacks.is_none() { ordinals.take(ordinal) } else { 0 };
    let context = words.flag("no_context").is_none();
    let secret = words.flag("secret").is_some();
    let pipelined = words.flag("pipelined").is_some();
    let exception = exception(&mut words, report);
    let result = result(&mut words, secret, report);
    let results = words.take("results");
    let interrupt = words.take("interrupt").and_then(|word| match &word.value {
        Value::Expr(syn::Expr::Lit(literal)) if let syn::Lit::Str(text) = &literal.lit => {
            Some((text.value(), text.span()))
        }
        _ => {
            report.at(
                &word.name,
                "`interrupt` needs the name of a method: write `interrupt = \"other_method\"`",
            );
            None
        }
    });
    let deprecated = deprecated.map(|word| match word.value {
        Value::Expr(syn::Expr::Lit(ref literal)) if let syn::Lit::Str(text) = &literal.lit => text.value(),
        _ => format!("{ident} is deprecated and kept only for its place in the interface"),
    });
    let asynchronous = sig.asyncness.is_some();
    let mut params = Vec::new();
    for (input, words) in sig.inputs.iter().zip(param_words) {
        let Some(mut words) = words else { continue };
        if let Some(param) = param(input, &mut words, asynchronous, secret, versions, report) {
            params.push(param);
        }
    }
    let results = results.and_then(|word| match word.value {
        Value::None => Some((word.name, None)),
        Value::Expr(syn::Expr::Path(path)) => Some((word.name, Some(path.path))),
        _ => {
            report.at(&word.name, "write `results`, or `results = module` with a module that converts them");
            None
        }
    });
    let converted = result.with.is_some() || result.types.is_some() || has_types || results.is_some();
    let declared = Declared { exception: exception.is_some(), converted };
    let returned = returns(&sig.output, ident, may_panic, &declared, report)?;
    if results.is_none() {
        wire::check(&result, returned.ty(), report);
    }
    let method = Method {
        sig: sig.clone(),
        name,
        cxx_name: words.text("cxx_name"),
        docs: docs(&function.attrs),
        ordinal,
        context,
        deprecated,
        interrupt: None,
        pipelined,
        params,
        returns: returned,
        result,
        results: results.as_ref().map(|(_, with)| with.clone()),
        exception,
    };
    if let Some((word, _)) = &results {
        check::results_stand_alone(&method, word, report);
    }
    check::fields_of_a_method_are_unique(&method, report);
    Some(Read { method, interrupt, lacks })
}

/// A method as it was read.
struct Read {
    method: Method,
    /// The method that makes it return early.
    interrupt: Option<Named>,
    /// Why it is not on the wire in this version.
    lacks: Option<String>,
}

/// The name of a method, where it was written.
type Named = (String, proc_macro2::Span);

/// Turns the names of interrupt methods into their ordinals.
fn resolve_interrupts(
    methods: &mut [Method],
    lacking: &[(Method, String)],
    broken: &[syn::TraitItemFn],
    names: Vec<Option<Named>>,
    report: &Report,
) {
    let known: Vec<(String, u16, bool)> = methods
        .iter()
        .map(|method| (method.sig.ident.to_string(), method.ordinal, method.params.is_empty()))
        .collect();
    for (method, named) in methods.iter_mut().zip(names) {
        let Some((name, span)) = named else { continue };
        match known.iter().find(|(ident, ..)| *ident == name) {
            Some((_, ordinal, true)) => method.interrupt = Some(*ordinal),
            // This version cannot be interrupted.
            None if lacking.iter().any(|(method, _)| method.sig.ident == name) => {}
            // What is wrong with it is said there.
            None if broken.iter().any(|function| function.sig.ident == name) => {}
            Some(_) => report.add(syn::Error::new(span, format!("`{name}` takes parameters, which a cancelled call cannot give; name a method without"))),
            None => report.add(syn::Error::new(span, format!("there is no method `{name}` in this trait; write the Rust name of the method that makes this one return early"))),
        }
    }
}

fn param(
    input: &FnArg,
    words: &mut Words<'_>,
    asynchronous: bool,
    secret: bool,
    versions: &Versions,
    report: &Report,
) -> Option<Param> {
    let (typed, ident) = check::parameter_has_a_name(input, report)?;
    let lacks = versions.lacks(words, report);
    let absent = words.expr("absent");
    let direction = Direction { out: words.flag("out").is_some(), want: words.flag("want").is_some() };
    let mut wire = wire::wire(words, camel(&ident.to_string()), String::new(), report);
    wire.secret |= secret;
    check::name_fits_the_schema(&wire.name, false, ident.span(), report);
    if let (true, Some(default)) = (direction.out || direction.want, &wire.default) {
        report.at(default, "a value that only comes back has no default; leave `default` or `out` out");
    }
    let passing = passing(&typed.ty, &direction, asynchronous, report)?;
    let passing = match (lacks, absent) {
        (None, _) => passing,
        (Some(_), Some(absent)) if matches!(passing, Passing::Owned(_)) => Passing::Absent(absent),
        (Some(_), Some(_)) => {
            report.at(
                &typed.ty,
                "a parameter that a version lacks is passed by value; write its type without `&`",
            );
            return None;
        }
        (Some(why), None) => {
            report.at(ident, format!("`{ident}` is not in all versions ({why}); write `absent = …` with what the method gets from a peer without it"));
            return None;
        }
    };
    let travelling = match &passing {
        Passing::Owned(ty)
        | Passing::Ref(ty)
        | Passing::Slice(ty)
        | Passing::InOut(ty)
        | Passing::Out(ty)
        | Passing::WantOut(ty) => Some(ty),
        _ => None,
    };
    match travelling {
        Some(ty) => wire::check(&wire, ty, report),
        None if wire.optional.is_some() && !matches!(passing, Passing::OptionalRef(_)) => {
            report
                .at(&typed.ty, "`optional` needs an `Option<…>`; write the type so, or leave `optional` out");
        }
        None => {}
    }
    Some(Param { ident: ident.clone(), passing, ends: crate::syntax::ends(&typed.ty), wire })
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
