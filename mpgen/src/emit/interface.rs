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
use syn::spanned::Spanned;
use syn::visit::Visit;
use syn::{FnArg, ReceiverKind, TraitItem};

use super::fields::{Travels, at, method};
use super::plan::{Plan, async_attribute, plans, refusal};
use super::{certain, file, hidden, number, private_of, proxy, server, view};
use crate::check::Checked;
use crate::model::{Interface, Method, Returns};
use crate::syntax::hides;

/// The whole expansion of a trait.
pub fn interface(item: &Checked<Interface>) -> TokenStream {
    whole(item)
}

fn whole(item: &Interface) -> TokenStream {
    let user_trait = user_trait(item);
    let forms = item.older.iter().map(form);
    let view = item.view.as_deref().map(|view| {
        let other = whole(&view.interface);
        let wrapper = view.wraps.then(|| hidden(&item.runtime, &view::wrapper(item, &view.interface)));
        quote!(#other #wrapper)
    });
    let (item, names) = &certain::interface(item);
    let plans = plans(item);
    let nodes = nodes(item, &plans);
    let dispatcher = server::dispatcher(item, &plans);
    let client = proxy::client(item, &plans);
    let ident = item.ident();
    let closures = (item.callback.is_some() && item.broken().next().is_none()).then(|| proxy::closures(item));
    let hidden = hidden(
        &item.runtime,
        &quote! {
            #names
            #nodes
            #dispatcher
            #client
            __mp::boxed_interface!(#ident);
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
    let (item, names) = &certain::interface(item);
    let (vis, home, ident) = (&item.item.vis, &item.item.ident, item.ident());
    let title = item.form.as_ref().map(|form| form.title.as_str()).unwrap_or_default();
    let docs = format!("[`{home}`] as {title} has it on the wire.");
    let plans = plans(item);
    let nodes = nodes(item, &plans);
    let dispatcher = server::dispatcher(item, &plans);
    let client = proxy::form_client(item, &plans);
    let hidden = hidden(
        &item.runtime,
        &quote! {
            impl<__T: #home> #ident for __T {}

            impl dyn #ident {
                /// The object in this form.
                #[allow(dead_code)]
                #vis fn of(__object: __mp::Arc<dyn #home>) -> __mp::Arc<dyn #ident> {
                    __mp::Arc::new(__mp::Home(__object))
                }
            }

            #names

            #nodes
            #dispatcher
            #client
            __mp::boxed_interface!(#ident);
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
        let method = item.all_methods().find(|method| method.sig.ident == function.sig.ident);
        // A view has no bodies, also for what only older versions have.
        let lacks = method.filter(|_| item.is_view).and_then(|method| method.lacks.as_ref());
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
        if item.broken().any(|broken| broken.sig.ident == function.sig.ident) {
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
    let generic = sig.generics.type_params().next().is_some()
        || sig.inputs.iter().any(|input| matches!(input, FnArg::Typed(input) if hides(&input.ty)));
    let typed = sig.receiver().is_some_and(|receiver| !matches!(receiver.kind, ReceiverKind::Reference(..)));
    if typed || sig.receiver().is_none() || generic || names_self(sig) {
        let clause = sig.generics.make_where_clause();
        clause.predicates.push(syn::parse_quote!(Self: ::core::marker::Sized));
    }
}

fn names_self(sig: &syn::Signature) -> bool {
    struct Search(bool);
    impl<'ast> Visit<'ast> for Search {
        fn visit_type_path(&mut self, path: &'ast syn::TypePath) {
            self.0 |= path.path.is_ident("Self");
            syn::visit::visit_type_path(self, path);
        }

        // Its receiver may be any.
        fn visit_receiver(&mut self, _: &'ast syn::Receiver) {}
    }
    let mut search = Search(false);
    search.visit_signature(sig);
    search.0
}

/// The statics that describe the interface.
fn nodes(item: &Interface, plans: &[Plan<'_>]) -> TokenStream {
    let file = item.file.as_ref().map(file::reference);
    let (name, docs) = (&item.name, &item.docs);
    let id = match item.id {
        Some(id) => super::hex(id),
        None => quote!(__mp::child_id(__FILE.id, #name)),
    };
    let fields = plans.iter().map(method_fields);
    let mut methods: Vec<(u16, TokenStream)> =
        plans.iter().map(|plan| (plan.method.ordinal, own_method(plan))).collect();
    if let Some((name, ordinal)) = &item.construct {
        let place = number(*ordinal);
        methods.push((*ordinal, quote!(__mp::MethodNode::construct(#name, #place))));
    }
    if let Some(ordinal) = item.destroy {
        let place = number(ordinal);
        methods.push((ordinal, quote!(__mp::MethodNode::destroy(#place))));
    }
    methods.sort_by_key(|(ordinal, _)| *ordinal);
    let list = methods.iter().map(|(_, node)| node);
    let mut node = quote!(__mp::InterfaceNode::new(#name, __ID, __FILE, &[#(#list),*]));
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
        // What is no interface is found where it is named.
        let bases = bases.iter().map(|base| at(quote!(<dyn #base as __mp::Interface>::NODE), base.span()));
        node.extend(quote!(.extends(&[#(|| #bases),*])));
    }
    if !unused.is_empty() {
        node.extend(quote!(.unused(&[#(|| <#unused as __mp::StructType<()>>::NODE),*])));
    }
    if let Some(cxx) = &item.cxx {
        let annotation = format!("$Proxy.wrap({cxx:?})");
        node.extend(quote!(.annotated(&[#annotation])));
    }
    if !docs.is_empty() {
        node.extend(quote!(.docs(#docs)));
    }
    let ident = item.ident();
    let who = quote!(dyn #ident);
    let is_known = item.file.as_ref().is_some_and(|file| !file.is_unknown());
    let declared = (!item.is_view && is_known).then(|| {
        let named = file::declared(&who, item.file.as_ref(), name, ident.span());
        let identified = item.id.map(|_| file::identified(&who, ident.span()));
        quote!(#named #identified)
    });
    let results = results(item);
    quote! {
        #file
        #(#results)*
        const __ID: __mp::u64 = #id;
        #declared
        #(#fields)*
        static __NODE: __mp::InterfaceNode = #node;
    }
}

/// Refuses, by each of its names in the trait, a `Result` that is not the runtime's.
fn results(item: &Interface) -> Vec<TokenStream> {
    let (mut known, mut checks) = (Vec::new(), Vec::new());
    for method in item.methods() {
        let syn::ReturnType::Type(_, ty) = &method.sig.output else { continue };
        if let (Returns::Result(_) | Returns::Declared(..), syn::Type::Path(path)) = (&method.returns, &**ty)
        {
            let name = path.path.segments.iter().map(|segment| &segment.ident).collect::<Vec<_>>();
            if !known.contains(&name) {
                known.push(name);
                let check = at(quote!(__mp::is_result_of_calls::), path.span());
                checks.push(quote!(const _: () = #check <#path>();));
            }
        }
    }
    checks
}

/// The constant with the parameters and the results of a method of the user's.
fn method_fields(plan: &Plan<'_>) -> TokenStream {
    let (params, results) = &plan.fields;
    let (many, more) = (super::index(params.len()), super::index(results.len()));
    let (name, span) = (fields_of(plan.method), plan.method.sig.ident.span());
    let fields = method(params, results, span);
    quote!(const #name: __mp::MethodFields<#many, #more> = #fields;)
}

fn fields_of(method: &Method) -> Ident {
    format_ident!("__FIELDS_{}", method.sig.ident)
}

/// A method of the user's.
fn own_method(plan: &Plan<'_>) -> TokenStream {
    let method = plan.method;
    let Method { name, docs, ordinal, .. } = method;
    let (fields, ordinal) = (fields_of(method), number(*ordinal));
    let mut node = quote!(__mp::MethodNode::of(#name, #ordinal, &#fields));
    if let Some(Travels { ty, set, .. }) = &plan.whole {
        node.extend(quote!(.results(<#ty as __mp::StructType<#set>>::NODE)));
    }
    if method.is_async() {
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
