//! `#[ipc_interface]` on a trait.
//!
//! ```text
//! pub trait Chain: Send + Sync { … }            // the user's trait, and one hidden method
//! const _: () = {
//!     static __NODE: InterfaceNode = …;         // what the schema text is printed from
//!     impl Interface for dyn Chain { … }        // the dispatcher
//!     impl Chain for Proxy { … }                // the client
//!     …                                         // `Box<dyn Chain>` and closures as values
//! };
//! ```

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::{FnArg, TraitItem};

use super::fields::{FieldTokens, Travels, list, travels};
use super::methods::{all_methods, async_attribute, param_type, refusal, set, whole};
use super::{certain, file, hidden, number, private, private_of, proxy, server, view};
use crate::model::{Interface, Method, Passing};
use crate::names::upper_camel;

/// The whole expansion of a trait.
pub fn interface(item: &Interface) -> TokenStream {
    let user_trait = user_trait(item);
    let forms = item.older.iter().map(form);
    let view = item.view.as_deref().map(|view| {
        let other = interface(&view.interface);
        let wrapper = view.wraps.then(|| hidden(&item.runtime, &view::wrapper(item, &view.interface)));
        quote!(#other #wrapper)
    });
    let (item, names) = &certain::interface(item);
    let nodes = nodes(item);
    let dispatcher = server::dispatcher(item);
    let client = proxy::client(item);
    let (private, ident) = (private(), item.ident());
    let closures = if item.callback { proxy::closures(item) } else { TokenStream::new() };
    let hidden = hidden(
        &item.runtime,
        &quote! {
            #names
            #nodes
            #dispatcher
            #client
            #private::boxed_interface!(#ident);
            #closures
        },
    );
    quote! {
        #user_trait
        #hidden
        #(#forms)*
        #view
    }
}

/// The form of an older version: a trait that everything has which has the user's.
fn form(item: &Interface) -> TokenStream {
    let private = private();
    let (item, names) = &certain::interface(item);
    let (vis, home, ident) = (&item.item.vis, &item.item.ident, item.ident());
    let title = item.form.as_ref().map(|form| form.title.as_str()).unwrap_or_default();
    let docs = format!("[`{home}`] as {title} has it on the wire.");
    let nodes = nodes(item);
    let dispatcher = server::dispatcher(item);
    let client = proxy::form_client(item);
    let hidden = hidden(
        &item.runtime,
        &quote! {
            impl<__T: #home> #ident for __T {}

            impl dyn #ident {
                /// The object in this form.
                #[allow(dead_code)]
                #vis fn of(__object: ::std::sync::Arc<dyn #home>) -> ::std::sync::Arc<dyn #ident> {
                    ::std::sync::Arc::new(#private::Home(__object))
                }
            }

            #names

            #nodes
            #dispatcher
            #client
            #private::boxed_interface!(#ident);
        },
    );
    quote! {
        #[doc = #docs]
        #vis trait #ident: #home {}

        #hidden
    }
}

/// The user's trait, with bodies for deprecated methods and a way to ask whether an object is a
/// proxy.
fn user_trait(item: &Interface) -> TokenStream {
    let private = private_of(&item.runtime);
    let mut user = item.item.clone();
    for entry in &mut user.items {
        let TraitItem::Fn(function) = entry else { continue };
        let method = all_methods(item).find(|method| method.sig.ident == function.sig.ident);
        // A view has no bodies, also for what only older versions have.
        let lacks =
            item.lacking.iter().filter(|(method, _)| item.is_view && method.sig.ident == function.sig.ident);
        let lacks = lacks.map(|(_, why)| why).next();
        let message = method.and_then(|method| method.deprecated.as_ref()).or(lacks);
        if let (Some(message), None) = (message, &function.default) {
            let unused = function.sig.inputs.iter().filter_map(|input| match input {
                FnArg::Typed(input) => Some(&input.pat),
                FnArg::Receiver(_) => None,
            });
            let answer = refusal(item, &private, method, message);
            function.default = Some(syn::parse_quote!({
                #(let _ = #unused;)*
                #answer
            }));
            function.semi_token = None;
        }
    }
    for entry in &mut user.items {
        let TraitItem::Fn(function) = entry else { continue };
        if item.broken.iter().any(|broken| broken.sig.ident == function.sig.ident) {
            leave_objects_possible(&mut function.sig);
        }
    }
    user.items.push(syn::parse_quote! {
        #[doc(hidden)]
        fn __mp_proxy(&self) -> ::core::option::Option<&#private::Proxy> {
            ::core::option::Option::None
        }
    });
    let attribute = async_attribute(item, &private);
    quote! {
        #attribute
        #user
    }
}

/// Has a method with mistakes not stand in the way of `dyn Trait`.
fn leave_objects_possible(sig: &mut syn::Signature) {
    sig.constness = None;
    let hides = |ty: &syn::Type| {
        let tokens = quote!(#ty).into_iter();
        tokens
            .into_iter()
            .any(|token| matches!(token, proc_macro2::TokenTree::Ident(ident) if ident == "impl"))
    };
    let generic = sig.generics.type_params().next().is_some()
        || sig.inputs.iter().any(|input| matches!(input, FnArg::Typed(input) if hides(&input.ty)));
    if sig.receiver().is_none() || generic {
        let clause = sig.generics.make_where_clause();
        clause.predicates.push(syn::parse_quote!(Self: ::core::marker::Sized));
    }
}

fn params_fields(method: &Method, set: &TokenStream) -> Vec<FieldTokens> {
    let context = method.context.then(FieldTokens::context);
    let params = method.params.iter().filter_map(|param| match param.passing {
        Passing::Out(_) | Passing::Absent(_) => None,
        Passing::WantOut(_) => Some(FieldTokens::flag(&format!("want{}", upper_camel(&param.wire.name)))),
        _ => Some(FieldTokens::value(&param.wire, &param_type(param, set))),
    });
    context.into_iter().chain(params).collect()
}

fn results_fields(method: &Method, set: &TokenStream) -> Vec<FieldTokens> {
    if method.results.is_some() {
        return Vec::new();
    }
    let outs = method.params.iter().filter(|param| param.passing.comes_back()).map(|param| {
        // The order of the parameters is not that of the results.
        let mut wire = param.wire.clone();
        wire.ordinal = None;
        FieldTokens::value(&wire, &param_type(param, set))
    });
    let result = method
        .returns
        .value()
        .map(|ty| FieldTokens::value(&method.result, &travels(ty, &method.result, set)));
    let exception = match (&method.exception, method.returns.exception()) {
        (Some((wire, cxx)), Some(error)) => {
            let error = syn::parse_quote!(::core::option::Option<#error>);
            let field = FieldTokens::value(wire, &travels(&error, wire, set));
            Some(match cxx {
                Some(cxx) => field.annotated(&format!("$Proxy.exception({cxx:?})")),
                None => field,
            })
        }
        _ => None,
    };
    outs.chain(result).chain(exception).collect()
}

/// The statics that describe the interface.
fn nodes(item: &Interface) -> TokenStream {
    let private = private();
    let file = file::reference(&item.file);
    let (name, docs, set) = (&item.name, &item.docs, set(item));
    let id = match item.id {
        Some(id) => super::hex(id),
        None => quote!(#private::child_id(__FILE.id, #name)),
    };
    let fields = item.methods.iter().map(|method| method_fields(method, &set));
    let mut methods: Vec<(u16, TokenStream)> =
        item.methods.iter().map(|method| (method.ordinal, own_method(method, &set))).collect();
    if let Some((name, ordinal)) = &item.construct {
        let place = number(*ordinal);
        methods.push((*ordinal, quote!(#private::MethodNode::construct(#name, #place))));
    }
    if let Some(ordinal) = item.destroy {
        let place = number(ordinal);
        methods.push((ordinal, quote!(#private::MethodNode::destroy(#place))));
    }
    methods.sort_by_key(|(ordinal, _)| *ordinal);
    let list = methods.iter().map(|(_, node)| node);
    let mut node = quote!(#private::InterfaceNode::new(#name, __ID, __FILE, &[#(#list),*]));
    if item.id.is_some() {
        node.extend(quote!(.with_explicit_id()));
    }
    if let Some((_, ordinal)) = &item.construct {
        let ordinal = number(*ordinal);
        node.extend(quote!(.constructed_by(#ordinal)));
    }
    if let Some(ordinal) = item.destroy {
        let ordinal = number(ordinal);
        node.extend(quote!(.destroyed_by(#ordinal)));
    }
    let Interface { bases, unused, .. } = item;
    if !bases.is_empty() {
        node.extend(quote!(.extends(&[#(|| <dyn #bases as #private::Interface>::NODE),*])));
    }
    if !unused.is_empty() {
        node.extend(quote!(.unused(&[#(|| <#unused as #private::StructType<()>>::NODE),*])));
    }
    if let Some(cxx) = &item.cxx {
        let annotation = format!("$Proxy.wrap({cxx:?})");
        node.extend(quote!(.annotated(&[#annotation])));
    }
    if !docs.is_empty() {
        node.extend(quote!(.docs(#docs)));
    }
    let ident = item.ident();
    let declared = (!item.is_view).then(|| file::declared(&quote!(dyn #ident), name, ident.span()));
    quote! {
        #file
        const __ID: #private::u64 = #id;
        #declared
        #(#fields)*
        static __NODE: #private::InterfaceNode = #node;
    }
}

/// The constant with the parameters and the results of a method of the user's.
fn method_fields(method: &Method, set: &TokenStream) -> TokenStream {
    let private = private();
    let (params, results) = (params_fields(method, set), results_fields(method, set));
    let (many, more) = (super::index(params.len()), super::index(results.len()));
    let (name, span) = (fields_of(method), method.sig.ident.span());
    let (params, results) = (list(&params, span), list(&results, span));
    quote!(const #name: (&#private::Fields<#many>, &#private::Fields<#more>) = (#params, #results);)
}

fn fields_of(method: &Method) -> Ident {
    format_ident!("__FIELDS_{}", method.sig.ident)
}

/// A method of the user's.
fn own_method(method: &Method, set: &TokenStream) -> TokenStream {
    let private = private();
    let Method { name, docs, ordinal, .. } = method;
    let (fields, ordinal) = (fields_of(method), number(*ordinal));
    let mut node = quote!(#private::MethodNode::of(#name, #ordinal, #fields));
    if let Some(Travels { ty, set, .. }) = whole(method, set) {
        node.extend(quote!(.results(<#ty as #private::StructType<#set>>::NODE)));
    }
    if method.sig.asyncness.is_some() {
        node.extend(quote!(.asynchronous()));
    }
    if method.deprecated.is_some() {
        node.extend(quote!(.deprecated()));
    }
    if let Some(cxx) = &method.cxx_name {
        let annotation = format!("$Proxy.name({cxx:?})");
        node.extend(quote!(.annotated(&[#annotation])));
    }
    if !docs.is_empty() {
        node.extend(quote!(.docs(#docs)));
    }
    node
}
