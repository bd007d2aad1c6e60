//! Names for the types of which only the compiler knows whether they travel.
//!
//! ```text
//! type __BlockRefType = __mp::Of<BlockRef, { __mp::travels::<BlockRef, ()>() }>;
//! ```
//!
//! In: the types of an item, as the user wrote them. Out: the same with a name in place of each, and what the names stand
//! for. A type that does not travel is one mistake so, on its first place in the user's code, and not one for each thing
//! that is done with a value of it.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};
use syn::visit_mut::VisitMut;
use syn::{GenericArgument, PathArguments, Type, TypePath, TypeTraitObject};

use super::fields::{at, set_of};
use crate::model::{Field, Interface, Method, Passing, Payload, Returns, Shape, Struct, Wire};
use crate::syntax::ends;

/// Types that certainly travel, which are named as they are.
const PLAIN: &[&str] = &[
    "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "isize", "u8", "u16", "u32", "u64", "usize",
    "str", "String",
];
/// Types that travel when what is inside them does, with how many types that is.
const HOLDERS: &[(&str, usize)] = &[
    ("Box", 1),
    ("Vec", 1),
    ("Option", 1),
    ("BTreeMap", 2),
    ("BTreeSet", 1),
    ("HashMap", 2),
    ("HashSet", 1),
];

/// An interface with names for its types, and their declarations.
pub(super) fn interface(item: &Interface) -> (Interface, TokenStream) {
    let mut item = item.clone();
    let mut names = Names::default();
    let set = super::plan::set(&item);
    for lacks in [false, true] {
        let sound = |method: &&mut Method| method.local.is_none() && !method.is_broken;
        let methods = item.functions.iter_mut().filter(sound);
        methods
            .filter(|method| method.lacks.is_some() == lacks)
            .for_each(|method| names.method(method, &set));
    }
    (item, names.declarations)
}

/// A struct with names for the types of its fields. One with parameters is left as it is: what it holds is known only
/// where it is used.
pub(super) fn structure(item: &Struct, set: &TokenStream) -> (Struct, TokenStream) {
    let mut item = item.clone();
    let mut names = Names::default();
    if item.generics.params.is_empty() {
        let fields: Vec<&mut Field> = match &mut item.shape {
            Shape::Struct(fields) => fields.iter_mut().collect(),
            Shape::Union(variants) => variants
                .iter_mut()
                .flat_map(|variant| match &mut variant.payload {
                    Payload::Unit(_) => Vec::new(),
                    Payload::Value(field) => vec![&mut **field],
                    Payload::Group(fields) => fields.iter_mut().collect(),
                })
                .collect(),
        };
        for Field { ty, wire, .. } in fields.into_iter().filter(|field| !field.skip) {
            names.name(ty, wire, set);
        }
    }
    (item, names.declarations)
}

/// Whether each value of a struct is certainly written from a reference as from itself: nothing in it is an object.
pub(super) fn is_lent(item: &Struct) -> bool {
    let field = |field: &Field| field.skip || field.wire.with.is_some() || is_plain(&field.ty);
    item.generics.params.is_empty()
        && match &item.shape {
            Shape::Struct(fields) => fields.iter().all(field),
            Shape::Union(variants) => variants.iter().all(|variant| match &variant.payload {
                Payload::Unit(_) => true,
                Payload::Value(value) => field(value),
                Payload::Group(fields) => fields.iter().all(field),
            }),
        }
}

/// Whether a type is one of those that certainly travel, or holds nothing else.
pub(super) fn is_plain(ty: &Type) -> bool {
    match ty {
        Type::Path(path) => match &path.path.segments.last().map(|last| &last.arguments) {
            Some(PathArguments::None) => {
                path.path.get_ident().is_some_and(|ident| PLAIN.iter().any(|plain| ident == plain))
            }
            Some(PathArguments::AngleBracketed(arguments)) => {
                let inside = arguments.args.iter().all(|argument| match argument {
                    GenericArgument::Type(ty) => is_plain(ty),
                    _ => false,
                });
                let last = path.path.segments.last().map(|last| last.ident.to_string());
                inside && last.is_some_and(|last| HOLDERS.iter().any(|(holder, _)| *holder == last))
            }
            _ => false,
        },
        Type::Array(array) => is_plain(&array.elem),
        Type::Tuple(tuple) => tuple.elems.iter().all(is_plain),
        _ => false,
    }
}

#[derive(Default)]
struct Names {
    /// What each name stands for.
    known: Vec<(String, Ident)>,
    declarations: TokenStream,
}

impl Names {
    fn method(&mut self, method: &mut Method, set: &TokenStream) {
        for param in &mut method.params {
            let mut passing = &mut param.passing;
            while let Passing::OptionalRef(inner) = passing {
                passing = inner;
            }
            if let Passing::Owned(ty)
            | Passing::Ref(ty)
            | Passing::Slice(ty)
            | Passing::InOut(ty)
            | Passing::Out(ty)
            | Passing::WantOut(ty)
            | Passing::Interface(ty) = passing
            {
                self.name(ty, &param.wire, set);
            }
        }
        let result = method.results.is_none().then_some(&method.result);
        let exception = method.exception.as_ref().map(|(wire, _)| wire);
        match &mut method.returns {
            Returns::Declared(ty, error) => {
                result.into_iter().for_each(|wire| self.name(ty, wire, set));
                exception.into_iter().for_each(|wire| self.name(error, wire, set));
            }
            Returns::DeclaredFlat(ty, error) => {
                result.into_iter().for_each(|wire| self.name(ty, wire, set));
                exception.into_iter().for_each(|wire| self.name(error, wire, set));
                let name = format_ident!("Error");
                let condition = quote!(__mp::says_that_a_call_failed::<#error>());
                self.of(error, &name, &condition);
            }
            Returns::ResultOf(ty, error) => {
                result.into_iter().for_each(|wire| self.name(ty, wire, set));
                let name = format_ident!("Error");
                let condition = quote!(__mp::is_the_error_of_calls::<#error>());
                self.of(error, &name, &condition);
            }
            Returns::Result(ty) | Returns::Plain(ty) => {
                result.into_iter().for_each(|wire| self.name(ty, wire, set));
            }
        }
    }

    /// Puts names in place of the parts of a type.
    fn name(&mut self, ty: &mut Type, wire: &Wire, set: &TokenStream) {
        if wire.with.is_none() {
            let set = set_of(wire, set);
            Naming { names: self, wire, set }.visit_type_mut(ty);
        }
    }

    /// Puts the name of a type under a condition in its place; tells whether that is new.
    fn of(&mut self, ty: &mut Type, name: &Ident, condition: &TokenStream) -> bool {
        let meaning = quote!(__mp::Of<#ty, { #condition }>);
        let text = meaning.to_string();
        let known = self.known.iter().find(|(known, _)| *known == text).map(|(_, ident)| ident.clone());
        let new = known.is_none();
        let mut ident = known.unwrap_or_else(|| {
            let taken = |ident: &Ident| self.known.iter().any(|(_, known)| known == ident);
            let plain = format_ident!("__{name}Type");
            let numbered = (2..).map(|number| format_ident!("__{name}Type{number}"));
            let ident = std::iter::once(plain).chain(numbered).find(|ident| !taken(ident));
            let ident = ident.unwrap_or_else(|| name.clone());
            self.declarations.extend(quote!(type #ident = #meaning;));
            self.known.push((text, ident.clone()));
            ident
        });
        ident.set_span(ends(ty).0);
        *ty = syn::parse_quote!(#ident);
        new
    }
}

struct Naming<'n> {
    names: &'n mut Names,
    wire: &'n Wire,
    set: TokenStream,
}

impl VisitMut for Naming<'_> {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        match ty {
            Type::Reference(_)
            | Type::Slice(_)
            | Type::Array(_)
            | Type::Tuple(_)
            | Type::Paren(_)
            | Type::Group(_) => {
                syn::visit_mut::visit_type_mut(self, ty);
            }
            Type::Path(path)
                if path.path.get_ident().is_some_and(|ident| PLAIN.iter().any(|plain| ident == plain)) => {}
            Type::Path(path) if let Some(count) = self.holds(path) => {
                let last = path.path.segments.last_mut();
                if let Some(PathArguments::AngleBracketed(arguments)) = last.map(|last| &mut last.arguments) {
                    let types = arguments.args.iter_mut().filter_map(|argument| match argument {
                        GenericArgument::Type(ty) => Some(ty),
                        _ => None,
                    });
                    types.take(count).for_each(|ty| self.visit_type_mut(ty));
                }
            }
            // No type of its own can have the lifetime of a call.
            ty if borrows(ty) => {}
            Type::Path(path) => {
                let set = &self.set;
                let Some(last) = path.path.segments.last() else { return };
                let condition = quote!(__mp::travels::<#path, #set>());
                let (name, checked) = (last.ident.clone(), !last.arguments.is_empty());
                let set = set.clone();
                if self.names.of(ty, &name, &condition) && checked {
                    self.names.declarations.extend(quote!(const _: () = __mp::check::<#ty, #set>();));
                }
            }
            Type::TraitObject(object) => {
                let Some(name) = last_name(object) else { return };
                let condition = match closure_form(object) {
                    Some(form) => {
                        // What is no interface of closures is found where it is named.
                        let set = &self.set;
                        let start =
                            self.wire.types.as_ref().map_or_else(Span::call_site, |types| ends(types).0);
                        let (head, tail) = (at(quote!(__mp::#form::<), start), at(quote!(>()), start));
                        quote!(#head #set, #object #tail)
                    }
                    None => quote!(__mp::is_called_by_peers::<#object>()),
                };
                self.names.of(ty, &name, &condition);
            }
            _ => {}
        }
    }

    // The length of an array.
    fn visit_expr_mut(&mut self, _: &mut syn::Expr) {}
}

impl Naming<'_> {
    /// How many types a path holds that travel, or an object or a closure that does.
    fn holds(&self, path: &TypePath) -> Option<usize> {
        let last = path.path.segments.last()?;
        let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
        let object = arguments.args.iter().find_map(|argument| match argument {
            GenericArgument::Type(Type::TraitObject(object)) => Some(object),
            _ => None,
        });
        match object {
            Some(object) if closure_form(object).is_some() => {
                (self.wire.closure && last.ident == "Box").then_some(1)
            }
            // A conversion set may have a form of its own for it.
            Some(_) => {
                (self.wire.types.is_none() && (last.ident == "Box" || last.ident == "Arc")).then_some(1)
            }
            None => HOLDERS.iter().find(|(holder, _)| last.ident == holder).map(|(_, count)| *count),
        }
    }
}

/// Whether a type has a lifetime other than that of the whole program. The parameters of a closure have none here.
fn borrows(ty: &Type) -> bool {
    struct Search(bool);
    impl<'ast> syn::visit::Visit<'ast> for Search {
        fn visit_lifetime(&mut self, lifetime: &'ast syn::Lifetime) {
            self.0 |= lifetime.ident != "static";
        }

        fn visit_type_reference(&mut self, reference: &'ast syn::TypeReference) {
            self.0 |= reference.lifetime.is_none();
            syn::visit::visit_type_reference(self, reference);
        }

        fn visit_parenthesized_generic_arguments(&mut self, _: &'ast syn::ParenthesizedGenericArguments) {}
    }
    let mut search = Search(false);
    syn::visit::Visit::visit_type(&mut search, ty);
    search.0
}

fn last_name(object: &TypeTraitObject) -> Option<Ident> {
    object.bounds.iter().find_map(|bound| match bound {
        syn::TypeParamBound::Trait(bound) => Some(bound.path.segments.last()?.ident.clone()),
        _ => None,
    })
}

/// The condition that a closure meets.
fn closure_form(object: &TypeTraitObject) -> Option<Ident> {
    match last_name(object)? {
        name if name == "Fn" => Some(format_ident!("is_shared_closure_of")),
        name if name == "FnMut" => Some(format_ident!("is_mutable_closure_of")),
        _ => None,
    }
}
