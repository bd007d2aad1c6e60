//! The rules for a trait with `#[ipc_interface]`.

use syn::{FnArg, ItemTrait, TraitItem, TypeParamBound};

use super::names::{file_fits, names_are_unique, type_name_fits_the_schema};
use super::{Checked, Rule, method};
use crate::model::{FileRef, Interface, Method, View};
use crate::names::MARKERS;
use crate::report::Report;

/// The rules for an interface whose methods are checked.
const OF_INTERFACES: &[Rule<Interface>] = &[
    it_is_not_generic,
    it_is_safe,
    its_items_are_methods,
    it_is_send_and_sync,
    its_bases_are_interfaces,
    it_has_a_file,
    it_is_made_asynchronous_once,
    its_name_fits_the_schema,
    its_name_is_that_of_no_marker,
    its_view_is_another_trait,
    a_callback_has_one_method,
    interrupts_are_methods,
    methods_have_their_own_names,
    versions_stand_alone,
    ordinals_are_complete,
];

/// Checks a trait, with its forms and its view. Parts with mistakes are marked; nothing comes out where the trait can be
/// no object.
pub fn interface(mut item: Interface, report: &Report) -> Option<Checked<Interface>> {
    judge(&mut item, report);
    if !report.is_empty() && !can_be_an_object(&item.item) {
        return None;
    }
    let (view, older) = (item.view.take(), std::mem::take(&mut item.older));
    if report.is_empty() {
        let form = |form| within(form, report);
        let view = view.map(|view| {
            let older = view.interface.older.into_iter().map(form).collect();
            let interface = within(Interface { older: Vec::new(), ..view.interface }, report);
            Box::new(View { interface: Interface { older, ..interface }, ..*view })
        });
        return Some(Checked(Interface { view, older: older.into_iter().map(form).collect(), ..item }));
    }
    // A mistake that is not of one version, or of one view, would be found in each.
    let item = if report.is_clean() { item } else { broken(item) };
    let view = view.filter(|view| view.interface.item.ident != item.item.ident);
    let view = view.map(|view| Box::new(View { interface: broken(view.interface), wraps: false }));
    Some(Checked(Interface { view, older: older.into_iter().map(broken).collect(), ..item }))
}

fn judge(item: &mut Interface, report: &Report) {
    let mut functions = std::mem::take(&mut item.functions);
    for function in &mut functions {
        // A mistake in one method costs this one, and not the others.
        let ((), found) = Report::apart(|own| {
            own.contain(std::mem::take(&mut function.mistakes));
            method::method(item, function, own);
        });
        function.is_broken = !report.contain(found);
    }
    item.functions = functions;
    OF_INTERFACES.iter().for_each(|rule| rule(item, report));
}

/// Checks a form or a view, with the name of the trait in each of its mistakes, which the user did not write as such.
fn within(mut item: Interface, report: &Report) -> Interface {
    let name = item.ident().to_string();
    let (is_clean, mistakes) = Report::apart(|own| {
        std::mem::take(&mut item.mistakes).into_iter().for_each(|error| own.add(error));
        judge(&mut item, own);
        own.is_clean()
    });
    for error in mistakes {
        report.add(syn::Error::new(error.span(), format!("{error} (in `{name}`)")));
    }
    if is_clean { item } else { broken(item) }
}

/// Whether `dyn Trait` is a type that the trait can be implemented for, whatever else is wrong, so that those who name it
/// need not hear of more mistakes than there are.
fn can_be_an_object(item: &ItemTrait) -> bool {
    let has_no_size = |input: &FnArg| matches!(input, FnArg::Typed(typed) if matches!(*typed.ty, syn::Type::TraitObject(_) | syn::Type::Slice(_)));
    item.generics.params.is_empty()
        && item.unsafety.is_none()
        && item.items.iter().all(|entry| match entry {
            TraitItem::Fn(function) => {
                !crate::syntax::hides(&function.sig.output) && !function.sig.inputs.iter().any(has_no_size)
            }
            _ => false,
        })
}

/// A trait of which nothing is known but that it is one.
fn broken(mut item: Interface) -> Interface {
    let supertraits = std::mem::take(&mut item.item.supertraits).into_iter();
    let is_none =
        |bound: &TypeParamBound| matches!(bound, TypeParamBound::Trait(bound) if is_no_base(&bound.path));
    item.item.supertraits = supertraits.filter(|bound| !is_none(bound)).collect();
    for bound in ["Send", "Sync"] {
        let bound = quote::format_ident!("{bound}");
        item.item.supertraits.push(syn::parse_quote!(::core::marker::#bound));
    }
    let functions = item.functions.into_iter().map(|method| Method { is_broken: true, ..method });
    Interface {
        name: item.form.as_ref().map_or(&item.item.ident, |form| &form.ident).to_string(),
        functions: functions.collect(),
        older: item.older.into_iter().map(broken).collect(),
        view: None,
        docs: String::new(),
        file: Some(FileRef::unknown()),
        id: None,
        cxx: None,
        types: None,
        construct: None,
        destroy: None,
        callback: None,
        panic_on_disconnect: false,
        bases: Vec::new(),
        unused: Vec::new(),
        ..item
    }
}

/// A trait between processes has no parameters: the peer could not know them.
fn it_is_not_generic(item: &Interface, report: &Report) {
    let item = &item.item;
    if !item.generics.params.is_empty() {
        let text = if item.generics.type_params().next().is_some() {
            "an interface has no type parameters; write one trait for each type"
        } else {
            "an interface has no parameters: an object lives in another process; leave them out"
        };
        report.at(&item.generics, text);
    }
    if let Some(clause) = &item.generics.where_clause {
        report.at(clause, "an interface has no `where` clause; leave it out");
    }
}

/// Whoever implements an unsafe trait promises something that a peer cannot.
fn it_is_safe(item: &Interface, report: &Report) {
    if let Some(unsafety) = &item.item.unsafety {
        report.at(unsafety, "an interface cannot be `unsafe`: a peer promises nothing; leave it out");
    }
}

/// The trait becomes an object, so everything in it must be a method.
fn its_items_are_methods(item: &Interface, report: &Report) {
    for entry in &item.item.items {
        match entry {
            TraitItem::Fn(_) => {}
            TraitItem::Const(constant) => {
                report.at(
                    &constant.ident,
                    "an interface has only methods; make the constant an item beside the trait",
                );
            }
            TraitItem::Type(ty) => {
                report.at(
                    &ty.ident,
                    "an interface has no associated types; name the type itself in the methods",
                );
            }
            other => report.at(other, "an interface has only methods; put this beside the trait"),
        }
    }
}

/// Handles are shared among threads, so the trait must be `Send + Sync`, itself or through a base.
fn it_is_send_and_sync(item: &Interface, report: &Report) {
    let names = |name: &str| {
        item.item.supertraits.iter().any(|bound| match bound {
            TypeParamBound::Trait(bound) => bound.path.segments.last().is_some_and(|last| last.ident == name),
            _ => false,
        })
    };
    let shared = names("Send") && names("Sync");
    if item.bases.is_empty() && !shared {
        let ident = &item.item.ident;
        report.at(
            ident,
            format!("a handle on an interface is shared among threads; write `trait {ident}: Send + Sync`"),
        );
    }
}

/// Traits of Rust's own of which no object of a peer is one.
const NO_BASES: &[&str] =
    &["Clone", "Copy", "Default", "PartialEq", "Eq", "PartialOrd", "Ord", "Hash", "Sized"];
/// The same, with the module by which they are known.
const NO_BASES_OF: &[(&str, &str)] =
    &[("fmt", "Display"), ("error", "Error"), ("hash", "Hash"), ("clone", "Clone")];

fn is_no_base(path: &syn::Path) -> bool {
    let mut names = path.segments.iter().rev().map(|segment| &segment.ident);
    match (names.next(), names.next()) {
        (Some(name), None) => NO_BASES.iter().any(|known| name == known),
        (Some(name), Some(module)) => NO_BASES_OF.iter().any(|(of, known)| name == known && module == of),
        _ => false,
    }
}

/// An object of a peer is what interfaces say.
fn its_bases_are_interfaces(item: &Interface, report: &Report) {
    for base in item.bases.iter().filter(|base| is_no_base(base)) {
        let name = crate::syntax::tidy(base);
        report.at(base, format!("an object in another process is no `{name}`: an interface extends interfaces only, beside `Send`, `Sync` and `Debug`; leave it out, or write a method for what it gives"));
    }
}

fn its_view_is_another_trait(item: &Interface, report: &Report) {
    let others = item.view.iter().map(|view| &view.interface.item.ident);
    let forms = item.older.iter().map(Interface::ident);
    for other in others.chain(forms).filter(|other| **other == item.item.ident) {
        report.at(other, "the other trait needs another name than this one");
    }
}

/// A supertrait is known by its name, and this one would be taken for Rust's.
fn its_name_is_that_of_no_marker(item: &Interface, report: &Report) {
    let ident = &item.item.ident;
    if MARKERS.iter().any(|marker| ident == marker) {
        report.at(ident, format!("an interface that extends this one would be thought to extend Rust's `{ident}`; give the trait another name, and in the schema this one with `name = \"{ident}\"`"));
    }
}

/// The attribute makes the methods ones that can be awaited, as `#[async_trait]` does.
fn it_is_made_asynchronous_once(item: &Interface, report: &Report) {
    for attr in &item.item.attrs {
        if attr.path().segments.last().is_some_and(|last| last.ident == "async_trait") {
            report.at(attr, "`#[ipc_interface]` takes care of `async fn` itself; leave `#[async_trait]` out");
        }
    }
}

/// A schema is a file, and the ids in it come from the file's.
fn it_has_a_file(item: &Interface, report: &Report) {
    file_fits(item.file.as_ref(), report);
    if item.file.is_none() {
        report.at(&item.item.ident, "an interface needs a schema file; write `#[ipc_interface(file = \"name.capnp\", file_id = 0x…)]` (have `mpgen id` make the id), or `file = MY_FILE` with a file that `ipc_file!` declares");
    }
}

fn its_name_fits_the_schema(item: &Interface, report: &Report) {
    type_name_fits_the_schema(&item.name, item.item.ident.span(), report);
}

/// A closure is called in one way only.
fn a_callback_has_one_method(item: &Interface, report: &Report) {
    let mut methods = item.methods();
    let is_plain = matches!((methods.next(), methods.next()), (Some(only), None) if !only.is_async());
    if let (Some(span), false) = (item.callback, is_plain || item.broken().next().is_some()) {
        report.add(syn::Error::new(
            span,
            "a callback interface has exactly one method, which calls the closure; write one `fn call(&self, …)` without `async`, or leave `callback` out",
        ));
    }
}

/// What is called when a call is cancelled is a method without parameters, unless this version has none or what is wrong
/// with it is said there.
fn interrupts_are_methods(item: &Interface, report: &Report) {
    let named = item.methods().filter_map(|method| Some((method, method.interrupt.as_ref()?)));
    for (interrupted, name) in named {
        let (text, span) = (name.value(), name.span());
        let is_named = |method: &&Method| method.sig.ident == text;
        match item.methods().find(is_named) {
            Some(method) if method.ordinal == interrupted.ordinal => report.add(syn::Error::new(span, format!("`{text}` cannot make itself return early; name the method that does"))),
            Some(method) if method.params.is_empty() => {}
            None if item.lacking().chain(item.broken()).any(|method| is_named(&method)) => {}
            Some(_) => report.add(syn::Error::new(span, format!("`{text}` takes parameters, which a cancelled call cannot give; name a method without"))),
            None => report.add(syn::Error::new(span, format!("there is no method `{text}` in this trait; write the Rust name of the method that makes this one return early"))),
        }
    }
}

/// Two methods cannot share a name, the reserved ones included.
fn methods_have_their_own_names(item: &Interface, report: &Report) {
    let own = item.item.ident.span();
    let construct = item.construct.iter().map(|(name, _)| (name.as_str(), own));
    let destroy = item.destroy.iter().map(|_| ("destroy", own));
    let methods = item.methods().map(|method| (method.name.as_str(), method.sig.ident.span()));
    names_are_unique(construct.chain(destroy).chain(methods), "methods", report);
}

/// What has versions is neither closure nor extension: the older forms have no closures and no bases.
fn versions_stand_alone(item: &Interface, report: &Report) {
    if item.older.is_empty() {
        return;
    }
    if item.callback.is_some() {
        report.at(&item.item.ident, "a callback interface has no `versions`; write an interface for each");
    }
    if let Some(base) = item.bases.first() {
        report.at(base, "an interface with `versions` extends no other; write its methods in it");
    }
}

/// Ordinals count from 0 without gaps, the reserved ones included.
fn ordinals_are_complete(item: &Interface, report: &Report) {
    // A method that is missing because of its mistakes leaves no gap.
    if !report.is_empty() {
        return;
    }
    let reserved = item.construct.iter().map(|(name, ordinal)| (*ordinal, name.clone(), None));
    let reserved = reserved.chain(item.destroy.map(|ordinal| (ordinal, "destroy".to_owned(), None)));
    let methods = item.methods().map(|method| (method.ordinal, method.name.clone(), Some(&method.sig.ident)));
    let mut all: Vec<_> = reserved.chain(methods).collect();
    all.sort_by_key(|(ordinal, _, ident)| (*ordinal, ident.is_some()));
    let mut expected = 0u16;
    let mut previous: Option<(u16, String)> = None;
    for (ordinal, name, ident) in all {
        let at = |text: String| match ident {
            Some(ident) => report.at(ident, text),
            None => report.at(&item.item.ident, text),
        };
        if let Some((before, other)) = &previous
            && *before == ordinal
        {
            at(format!(
                "`{name}` has the ordinal {ordinal}, which `{other}` has already; give it another with `#[ipc(ordinal = …)]`"
            ));
        } else if ordinal != expected {
            at(format!(
                "no method has the ordinal {expected}, and `{name}` has {ordinal}; ordinals have no gaps, so keep a deprecated method (`#[ipc(deprecated)]`) in its place"
            ));
            expected = ordinal.saturating_add(1);
        } else {
            expected = expected.saturating_add(1);
        }
        previous = Some((ordinal, name));
    }
}
