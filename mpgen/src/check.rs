//! The rules, one function each.
//!
//! In: parts of the user's code. Out: mistakes, each with what to write instead.

use quote::ToTokens;
use syn::visit::Visit;
use syn::{FnArg, ReceiverKind, Safety, Signature, Type, TypeParamBound};

use crate::model::{Interface, Method, Passing, Wire};
use crate::names::upper_camel;
use crate::report::Report;
use crate::syntax::{generic_argument, generic_arguments};

/// A trait between processes has no parameters: the peer could not know them.
pub fn trait_is_not_generic(item: &syn::ItemTrait, report: &Report) {
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
pub fn trait_is_safe(item: &syn::ItemTrait, report: &Report) {
    if let Some(unsafety) = &item.unsafety {
        report.at(unsafety, "an interface cannot be `unsafe`: a peer promises nothing; leave it out");
    }
}

/// The names that mean something in every schema, so that no type may have them. The runtime, which this library is no
/// part of, has the same list for what no macro has seen.
pub const BUILT_IN: &[&str] = &[
    "Void",
    "Bool",
    "Int8",
    "Int16",
    "Int32",
    "Int64",
    "UInt8",
    "UInt16",
    "UInt32",
    "UInt64",
    "Float32",
    "Float64",
    "Text",
    "Data",
    "List",
    "AnyPointer",
    "AnyStruct",
    "AnyList",
    "Capability",
    "Proxy",
    "Cxx",
];

/// A type of the schema has no name that means something else there.
pub fn type_name_fits_the_schema(name: &str, span: proc_macro2::Span, report: &Report) {
    name_fits_the_schema(name, true, span, report);
    if BUILT_IN.contains(&name) {
        let own = if name == "Proxy" || name == "Cxx" {
            "is what this file calls another one"
        } else {
            "is a type of Cap'n Proto"
        };
        report.add(syn::Error::new(
            span,
            format!("in every schema `{name}` {own}, whose place this one would take; give it another name there with `name = \"…\"`"),
        ));
    }
}

/// A type parameter of the schema is named like a type, and may not take the place of one.
pub fn parameter_name_fits_the_schema(ident: &syn::Ident, report: &Report) {
    let name = ident.to_string();
    if BUILT_IN.contains(&name.as_str()) || !name.chars().all(|letter| letter.is_ascii_alphanumeric()) {
        report.at(ident, format!("`{name}` cannot be the name of a type parameter in the schema, where it means something else or is no name; write another one, such as `T`"));
    }
}

/// What the wire shows is the same in every build, also where the compiler has left a part of a type out before a derive
/// sees it: the text of the source still has it.
pub fn nothing_is_left_out(item: &syn::DeriveInput, report: &Report) {
    fn has_condition(tokens: proc_macro2::TokenStream) -> bool {
        let mut after_hash = false;
        tokens.into_iter().any(|token| match token {
            proc_macro2::TokenTree::Punct(punct) => {
                after_hash = punct.as_char() == '#';
                false
            }
            proc_macro2::TokenTree::Group(group) => {
                let first = group.stream().into_iter().next();
                let conditional =
                    matches!(first, Some(proc_macro2::TokenTree::Ident(ident)) if ident == "cfg");
                std::mem::take(&mut after_hash) && conditional || has_condition(group.stream())
            }
            _ => {
                after_hash = false;
                false
            }
        })
    }
    let inside = match &item.data {
        syn::Data::Struct(data) => match &data.fields {
            syn::Fields::Named(fields) => fields.brace_token.span.join(),
            syn::Fields::Unnamed(fields) => fields.paren_token.span.join(),
            syn::Fields::Unit => return,
        },
        syn::Data::Enum(data) => data.brace_token.span.join(),
        syn::Data::Union(_) => return,
    };
    // Where the text is no Rust of its own, it is that of a macro, whose parts are all here.
    let text = inside.source_text().and_then(|text| text.parse().ok());
    if report.is_empty() && text.is_some_and(has_condition) {
        report.at(
            &item.ident,
            "this build leaves a part of the type out, and others would have other forms on the wire under one name; write \
             it in every build, or put the condition (`#[cfg]`) on the whole type",
        );
    }
}

/// What the wire shows is the same in every build.
pub fn is_in_every_build(attrs: &[syn::Attribute], what: &str, whole: &str, report: &Report) {
    for attr in attrs {
        let conditional = attr.path().is_ident("cfg")
            || attr.path().is_ident("cfg_attr")
                && match &attr.meta {
                    syn::Meta::List(list) => list.tokens.clone().into_iter().any(|token| match token {
                        proc_macro2::TokenTree::Ident(ident) => ident == "ipc" || ident == "cfg",
                        _ => false,
                    }),
                    _ => false,
                };
        if conditional {
            report.at(
                attr,
                format!(
                    "builds with and without this {what} would have different forms on the wire under one name, with other \
                     ordinals for all that follows; write it in every build, or put the condition on the whole {whole}"
                ),
            );
        }
    }
}

/// Handles are shared among threads, so the trait must be `Send + Sync`, itself or through a base.
pub fn trait_is_send_and_sync(item: &syn::ItemTrait, has_base: bool, report: &Report) {
    let names = |name: &str| {
        item.supertraits.iter().any(|bound| match bound {
            TypeParamBound::Trait(bound) => bound.path.segments.last().is_some_and(|last| last.ident == name),
            _ => false,
        })
    };
    let shared = names("Send") && names("Sync");
    if !has_base && !shared {
        let ident = &item.ident;
        report.at(
            ident,
            format!("a handle on an interface is shared among threads; write `trait {ident}: Send + Sync`"),
        );
    }
}

/// A method that stays on its own side is the same for every implementor.
pub fn local_has_a_body(function: &syn::TraitItemFn, word: proc_macro2::Span, report: &Report) {
    if function.default.is_none() {
        report.add(syn::Error::new(word, "a local method stays on its own side, so give it a body"));
    }
}

/// The trait becomes an object, so everything in it must be a method.
pub fn items_are_methods(item: &syn::ItemTrait, report: &Report) {
    for entry in &item.items {
        match entry {
            syn::TraitItem::Fn(_) => {}
            syn::TraitItem::Const(constant) => {
                report.at(
                    &constant.ident,
                    "an interface has only methods; make the constant an item beside the trait",
                );
            }
            syn::TraitItem::Type(ty) => {
                report.at(
                    &ty.ident,
                    "an interface has no associated types; name the type itself in the methods",
                );
            }
            other => report.at(other, "an interface has only methods; put this beside the trait"),
        }
    }
}

/// `&self` and nothing else: the object may be used by many callers, here and at the peer.
pub fn receiver_is_shared(sig: &Signature, report: &Report) {
    match sig.receiver() {
        None => report
            .at(&sig.ident, format!("`{}` has no receiver; write `fn {}(&self, …)`", sig.ident, sig.ident)),
        Some(receiver) => match &receiver.kind {
            ReceiverKind::Reference(_, _, None) => {}
            ReceiverKind::Reference(_, _, Some(_)) => {
                report.at(receiver, "an object has many callers at once, so it is never `&mut`; write `&self` and keep what changes in a `Mutex` or an atomic");
            }
            _ => report.at(receiver, "an object at a peer cannot be moved out of its process; write `&self`"),
        },
    }
}

/// No type parameters, no lifetimes, no modifiers: what the peer cannot see.
pub fn signature_is_plain(sig: &Signature, report: &Report) {
    if !sig.generics.params.is_empty() {
        report.at(&sig.generics, "a method between processes has no generic parameters; write one method for each type, and leave lifetimes to elision");
    }
    if let Some(clause) = &sig.generics.where_clause {
        report.at(clause, "a method between processes has no `where` clause; leave it out");
    }
    if let Some(constness) = &sig.constness {
        report.at(constness, "a method between processes cannot be `const`; leave it out");
    }
    if !matches!(sig.safety, Safety::Default) {
        report.at(
            &sig.safety,
            "a method between processes cannot be `unsafe`: the peer checks nothing; leave it out",
        );
    }
    if let Some(abi) = &sig.abi {
        report.at(abi, "a method between processes has Rust's own calling convention; leave `extern` out");
    }
    if let Some(variadic) = &sig.variadic {
        report.at(variadic, "a method between processes has a fixed number of parameters; pass a `Vec`");
    }
}

/// Parameters have names, because the schema has.
pub fn parameter_has_a_name<'p>(
    input: &'p FnArg,
    report: &Report,
) -> Option<(&'p syn::PatType, &'p syn::Ident)> {
    let FnArg::Typed(typed) = input else { return None };
    match &*typed.pat {
        syn::Pat::Ident(pat) if pat.subpat.is_none() && pat.by_ref.is_none() => Some((typed, &pat.ident)),
        other => {
            report.at(
                other,
                "a parameter between processes needs a plain name, which becomes its name in the schema",
            );
            None
        }
    }
}

/// Types that cannot travel, wherever they stand inside another type.
pub fn travelling_type(ty: &Type, wire: &Wire, report: &Report) {
    struct Search<'s> {
        wire: &'s Wire,
        report: &'s Report,
    }
    impl<'ast> Visit<'ast> for Search<'_> {
        fn visit_type(&mut self, ty: &'ast Type) {
            let text = match ty {
                Type::ImplTrait(_) => {
                    "`impl Trait` hides which type travels; name the type, or pass `Box<dyn Trait>` or `Arc<dyn Trait>` of an interface"
                }
                Type::Ptr(_) => "a raw pointer means nothing in another process; pass the value",
                Type::FnPtr(_) => {
                    "a function pointer means nothing in another process; pass `Box<dyn Fn(…) -> … + Send + Sync>` with `#[ipc(callback = Trait)]`"
                }
                Type::Never(_) => "a value of type `!` cannot travel; return `Result<()>`",
                Type::Infer(_) => "the type must be written out: the schema depends on it",
                Type::Tuple(tuple) if tuple.elems.len() > LONGEST_TUPLE => {
                    "a tuple that travels has at most twelve values; make it a struct with names, and derive `IpcStruct`"
                }
                Type::Path(_)
                    if generic_argument(ty, "Option")
                        .is_some_and(|inner| generic_argument(inner, "Option").is_some()) =>
                {
                    "an `Option` inside an `Option` would lose a level; write one `Option`, or hold a struct with an `Option` field"
                }
                _ if list_item(ty)
                    .and_then(|item| generic_argument(item, "Option"))
                    .is_some_and(is_number) =>
                {
                    "an `Option` of a number has no form inside a list; hold a struct with an `Option` field"
                }
                _ => return self.visit_inside(ty),
            };
            self.report.at(ty, text);
        }
    }
    impl Search<'_> {
        fn visit_inside(&mut self, ty: &Type) {
            for name in ["Rc", "RefCell", "Cell", "MutexGuard", "RwLockReadGuard", "RwLockWriteGuard"] {
                if generic_arguments(ty, name).is_some() {
                    self.report.at(ty, format!("`{name}` belongs to one thread and cannot be handed to another; pass the value itself, or `Arc<dyn Trait>` of an interface"));
                    return;
                }
            }
            if let Some(shared) = generic_argument(ty, "Arc")
                && let Some(owned) = owned(shared)
            {
                self.report.at(ty, format!("`Arc` shares objects of interfaces (`Arc<dyn Trait>`), and a value travels as a copy; write `{owned}`"));
                return;
            }
            for holder in ["Box", "Arc"] {
                if let Some(Type::TraitObject(object)) = generic_argument(ty, holder) {
                    self.object(holder, object);
                    return;
                }
            }
            syn::visit::visit_type(self, ty);
        }

        fn object(&self, holder: &str, object: &syn::TypeTraitObject) {
            let bounds: Vec<&syn::TraitBound> = object
                .bounds
                .iter()
                .filter_map(|bound| match bound {
                    TypeParamBound::Trait(bound) => Some(bound),
                    _ => None,
                })
                .collect();
            let names = |name: &str| {
                bounds.iter().any(|bound| bound.path.segments.last().is_some_and(|last| last.ident == name))
            };
            let closure = ["Fn", "FnMut", "FnOnce"].into_iter().find(|name| names(name));
            match closure {
                Some("FnOnce") => {
                    self.report.at(object, "a callback may be called more than once; write `FnMut` or `Fn`")
                }
                Some(kind) => {
                    let needed = if kind == "Fn" { "Send + Sync" } else { "Send" };
                    if holder == "Arc" {
                        self.report.at(
                            object,
                            format!(
                                "a callback is owned by one side; write `Box<dyn {kind}(…) -> … + {needed}>`"
                            ),
                        );
                    } else if !names("Send") || (kind == "Fn" && !names("Sync")) {
                        self.report.at(object, format!("a callback is called from other threads; write `Box<dyn {kind}(…) -> … + {needed}>`"));
                    } else if self.wire.types.is_none() {
                        self.report.at(object, "a callback needs an interface for the wire; declare a trait with `#[ipc_interface(callback, …)]` and write `#[ipc(callback = ThatTrait)]` here");
                    }
                }
                None if bounds.len() > 1 => {
                    self.report.at(
                        object,
                        "an interface is `Send + Sync` by its own declaration; write only `dyn Trait`",
                    );
                }
                None => {}
            }
        }
    }
    Search { wire, report }.visit_type(ty);
}

/// The most values that a tuple has on the wire.
const LONGEST_TUPLE: usize = 12;

/// What a list, a set or an array holds.
fn list_item(ty: &Type) -> Option<&Type> {
    match ty {
        Type::Array(array) => Some(&array.elem),
        Type::Slice(slice) => Some(&slice.elem),
        _ => ["Vec", "BTreeSet", "HashSet"].into_iter().find_map(|name| generic_argument(ty, name)),
    }
}

const INTEGERS: &[(&str, i128, i128)] = &[
    ("i8", i8::MIN as i128, i8::MAX as i128),
    ("i16", i16::MIN as i128, i16::MAX as i128),
    ("i32", i32::MIN as i128, i32::MAX as i128),
    ("i64", i64::MIN as i128, i64::MAX as i128),
    ("isize", i64::MIN as i128, i64::MAX as i128),
    ("u8", 0, u8::MAX as i128),
    ("u16", 0, u16::MAX as i128),
    ("u32", 0, u32::MAX as i128),
    ("u64", 0, u64::MAX as i128),
    ("usize", 0, u64::MAX as i128),
];

/// The name of a type that is one word.
fn word(ty: &Type) -> Option<&syn::Ident> {
    match ty {
        Type::Path(path) if path.qself.is_none() => path.path.get_ident(),
        _ => None,
    }
}

fn is_number(ty: &Type) -> bool {
    word(ty).is_some_and(|name| {
        INTEGERS.iter().any(|(integer, ..)| name == integer)
            || ["bool", "char", "f32", "f64"].iter().any(|other| name == other)
    })
}

/// What to hold in place of a shared value.
fn owned(shared: &Type) -> Option<String> {
    match shared {
        Type::Slice(slice) => Some(format!("Vec<{}>", slice.elem.to_token_stream())),
        Type::Tuple(_) | Type::Array(_) => Some(shared.to_token_stream().to_string()),
        _ if word(shared).is_some_and(|name| name == "str" || name == "String") => Some("String".into()),
        _ if word(shared).is_some_and(|name| name == "Path" || name == "PathBuf") => Some("PathBuf".into()),
        _ if is_number(shared) => Some(shared.to_token_stream().to_string()),
        _ => ["Vec", "Option", "Box", "BTreeMap", "HashMap", "BTreeSet", "HashSet"]
            .into_iter()
            .any(|name| generic_arguments(shared, name).is_some())
            .then(|| {
                syn::spanned::Spanned::span(shared).source_text().unwrap_or_else(|| "the value itself".into())
            }),
    }
}

/// The value of a literal integer.
fn value(literal: &syn::Expr) -> Option<i128> {
    let (sign, literal) = match literal {
        syn::Expr::Unary(unary) if matches!(unary.op, syn::UnOp::Neg(_)) => (-1, &*unary.expr),
        plain => (1, plain),
    };
    match literal {
        syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(number), .. }) => {
            number.base10_parse::<i128>().ok().map(|number| sign * number)
        }
        _ => None,
    }
}

/// The number of an enumerant fits the integer that travels.
pub fn discriminant_fits(discriminant: &syn::Expr, integer: &str, report: &Report) {
    let Some(value) = value(discriminant) else { return };
    let Some((_, min, max)) = INTEGERS.iter().find(|(name, ..)| *name == integer) else { return };
    if !(*min..=*max).contains(&value) {
        let wider = if value < 0 {
            "Int64"
        } else if u32::try_from(value).is_ok() {
            "UInt32"
        } else {
            "UInt64"
        };
        report.at(discriminant, format!("the enum travels as `{integer}`, which does not hold this; write `#[ipc(wire = {wider})]` on it"));
    }
}

/// A default that is written as a literal fits a type that is written by its own name.
pub fn default_fits(default: &syn::Expr, ty: &Type, report: &Report) {
    let literal = match default {
        syn::Expr::Unary(unary) if matches!(unary.op, syn::UnOp::Neg(_)) => &*unary.expr,
        plain => plain,
    };
    let syn::Expr::Lit(syn::ExprLit { lit, .. }) = literal else { return };
    let Some(name) = word(ty) else { return };
    let wrong = match lit {
        syn::Lit::Int(_) => match INTEGERS.iter().find(|(integer, ..)| name == integer) {
            Some((_, min, max)) => !value(default).is_some_and(|value| (*min..=*max).contains(&value)),
            None => !["f32", "f64"].iter().any(|float| name == float) && (is_number(ty) || name == "String"),
        },
        syn::Lit::Float(_) => {
            (is_number(ty) || name == "String") && !["f32", "f64"].iter().any(|float| name == float)
        }
        syn::Lit::Bool(_) => (is_number(ty) || name == "String") && name != "bool",
        _ => {
            report.at(default, "a schema default is a number or a bool; leave `default` out, and set the value where it is used");
            return;
        }
    };
    if wrong {
        report
            .at(default, format!("this is no `{name}`; write a default that is one, or leave `default` out"));
    }
}

/// A bare `dyn Trait` has no size.
pub fn not_a_bare_object(ty: &Type, report: &Report) -> bool {
    let bare = matches!(ty, Type::TraitObject(_));
    if bare {
        report.at(
            ty,
            format!(
                "`{}` has no size; write `Box<dyn …>` to give an object away or `Arc<dyn …>` to share it",
                ty.to_token_stream()
            ),
        );
    }
    bare
}

/// What has versions is neither closure nor extension: the older forms have no closures and no bases.
pub fn versions_stand_alone(item: &Interface, report: &Report) {
    if item.callback {
        report.at(&item.item.ident, "a callback interface has no `versions`; write an interface for each");
    }
    if let Some(base) = item.bases.first() {
        report.at(base, "an interface with `versions` extends no other; write its methods in it");
    }
}

/// Who implements the trait need not write what only peers of older versions call.
pub fn a_method_of_old_has_a_body(function: &syn::TraitItemFn, report: &Report) {
    if function.default.is_none() {
        report.at(
            &function.sig.ident,
            "only older versions have this method, so give it a body: what the methods of today make of it",
        );
    }
}

/// Ordinals count from 0 without gaps, the reserved ones included.
pub fn ordinals_are_complete(item: &Interface, report: &Report) {
    let reserved = item.construct.iter().map(|(name, ordinal)| (*ordinal, name.clone(), None));
    let reserved = reserved.chain(item.destroy.map(|ordinal| (ordinal, "destroy".to_owned(), None)));
    let methods =
        item.methods.iter().map(|method| (method.ordinal, method.name.clone(), Some(&method.sig.ident)));
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
            expected = ordinal + 1;
        } else {
            expected += 1;
        }
        previous = Some((ordinal, name));
    }
}

/// Two methods cannot share a name, the reserved ones included.
pub fn methods_are_unique(item: &Interface, report: &Report) {
    let own = item.item.ident.span();
    let construct = item.construct.iter().map(|(name, _)| (name.as_str(), own));
    let destroy = item.destroy.iter().map(|_| ("destroy", own));
    let methods = item.methods.iter().map(|method| (method.name.as_str(), method.sig.ident.span()));
    names_are_unique(construct.chain(destroy).chain(methods), "methods", report);
}

/// Two parameters, or two results, of a method cannot share a name, those that nobody wrote
/// included.
pub fn fields_of_a_method_are_unique(method: &Method, report: &Report) {
    let mut params = Vec::new();
    for param in &method.params {
        let (name, span) = (param.wire.name.as_str(), param.ident.span());
        match param.passing {
            Passing::Out(_) | Passing::Absent(_) => {}
            Passing::WantOut(_) => params.push((format!("want{}", upper_camel(name)), span)),
            _ if method.context && name == "context" => report.add(syn::Error::new(
                span,
                "the schema's `context` is the thread of the call; give this parameter another name with `#[ipc(name = \"…\")]`",
            )),
            _ => params.push((name.to_owned(), span)),
        }
    }
    names_are_unique(params.iter().map(|(name, span)| (name.as_str(), *span)), "parameters", report);
    let own = method.sig.ident.span();
    let result = method
        .returns
        .value()
        .filter(|_| method.results.is_none())
        .map(|_| (method.result.name.as_str(), own));
    let exception = method.exception.iter().map(|(wire, _)| (wire.name.as_str(), own));
    let outs = method.params.iter().filter(|param| param.passing.comes_back());
    let outs = outs.map(|param| (param.wire.name.as_str(), param.ident.span()));
    names_are_unique(result.into_iter().chain(exception).chain(outs), "results", report);
}

/// A struct of all results leaves no room for others.
pub fn results_stand_alone(method: &Method, word: &syn::Ident, report: &Report) {
    if method.returns.value().is_none() {
        report.at(word, "`results` needs a method that returns a value");
    }
    if method.exception.is_some() {
        report.at(word, "`results` are all that a method returns; make the exception a field of the struct (`#[ipc(exception = \"…\")]`)");
    }
    if method.result.secret {
        report.at(word, "`secret` does not reach into a struct of results; write it on the struct's fields and on the parameters");
    }
    if method.pipelined {
        report.at(word, "`pipelined` needs an interface as the only result; leave `results` out");
    }
    for param in method.params.iter().filter(|param| param.passing.comes_back()) {
        report.at(
            &param.ident,
            "`results` are all that a method returns; make this value a field of the struct",
        );
    }
}

/// Two methods, or two fields of one struct, cannot share a name in the schema.
pub fn names_are_unique<'n>(
    names: impl Iterator<Item = (&'n str, proc_macro2::Span)>,
    what: &str,
    report: &Report,
) {
    let mut seen = std::collections::HashMap::new();
    for (name, span) in names {
        if seen.insert(name.to_owned(), span).is_some() {
            report.add(syn::Error::new(
                span,
                format!(
                    "two {what} are named `{name}` in the schema; rename one with `#[ipc(name = \"…\")]`"
                ),
            ));
        }
    }
}

/// Two fields of one struct cannot share an explicit ordinal.
pub fn field_ordinals_are_unique<'w>(
    wires: impl Iterator<Item = (&'w Wire, proc_macro2::Span)>,
    report: &Report,
) {
    let mut seen = std::collections::HashMap::new();
    for (wire, span) in wires {
        for ordinal in [wire.ordinal, wire.has_ordinal].into_iter().flatten() {
            if let Some(other) = seen.insert(ordinal, &wire.name) {
                let name = &wire.name;
                report.add(syn::Error::new(
                    span,
                    format!(
                        "`{name}` has the ordinal {ordinal}, which `{other}` has already; give it another"
                    ),
                ));
            }
        }
    }
}

/// The schema wants names that begin with a small letter and hold letters and digits only.
pub fn name_fits_the_schema(name: &str, upper: bool, span: proc_macro2::Span, report: &Report) {
    let first = name.chars().next();
    let fits = first
        .is_some_and(|first| if upper { first.is_ascii_uppercase() } else { first.is_ascii_lowercase() })
        && name.chars().all(|letter| letter.is_ascii_alphanumeric());
    if !fits {
        let kind = if upper { "a capital" } else { "a small letter" };
        report.add(syn::Error::new(span, format!("`{name}` cannot be a name in the schema: it begins with {kind} and holds only letters and digits; give another with `name = \"…\"`")));
    }
}
