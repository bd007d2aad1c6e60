//! The client: the trait implemented for the runtime's proxy.
//!
//! ```text
//! fn find_block(&self, hash: &BlockHash) -> Result<Option<FoundBlock>> {
//!     ClientCall::new::<dyn Chain>(self, 3)
//!         .params(|__cx, __out| __out.put::<(), BlockHash>(__cx, 1, hash))?
//!         .wait()?
//!         .get::<(), Option<FoundBlock>>()
//! }
//! ```

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::spanned::Spanned;
use syn::{FnArg, Ident, ReceiverKind, Safety, Signature};

use super::certain;
use super::fields::{Travels, at};
use super::plan::{ParamPlan, Plan, Step, Value, async_attribute, refusal, writing};
use crate::model::{Interface, Method, Param, Passing, Returns, Wire};
use crate::syntax::{hides, plain_name};

/// The trait's implementations for the proxy and for an object that came home.
pub(super) fn client(item: &Interface, plans: &[Plan<'_>]) -> TokenStream {
    let ident = &item.item.ident;
    let attribute = async_attribute(item, &quote!(__mp));
    let methods = plans.iter().map(|plan| client_method(item, plan));
    let broken: Vec<_> = item.broken().map(unreachable).collect();
    // Those of older versions too, which an object may have its own of.
    let local = item.functions.iter().filter(|method| method.local.is_some() && is_plain(method));
    let forwards = item.all_methods().chain(local).map(|method| forward(item, method));
    // A supertrait that is no interface is found where it is named.
    let span = item.bases.first().map_or_else(Span::call_site, Spanned::span);
    let (proxy, home) = (at(quote!(__mp::Proxy), span), at(quote!(__mp::Home<__T>), span));
    quote! {
        #attribute
        impl #ident for #proxy {
            #(#methods)*
            #(#broken)*

            __mp::is_proxy!();
        }

        #attribute
        impl<__T: #ident + ?__mp::Sized> #ident for #home {
            #(#forwards)*
            #(#broken)*

            __mp::asks_for_proxy!(#ident);
        }
    }
}

/// The user's trait for an object of a peer of an older version. A method that the version lacks does what
/// its body in the trait does, or fails.
pub(super) fn form_client(item: &Interface, plans: &[Plan<'_>]) -> TokenStream {
    let ident = &item.item.ident;
    let attribute = async_attribute(item, &quote!(__mp));
    let methods = plans.iter().map(|plan| client_method(item, plan));
    let broken = item.broken().map(unreachable);
    let lacking = item.lacking().filter(|method| !method.has_body && method.deprecated.is_none());
    let lacking = lacking.map(|method| {
        let why = method.lacks.as_deref().unwrap_or_default();
        let (sig, answer) = (signature(method), refusal(item, &quote!(__mp), Some(method), why));
        let unused = method.params.iter().map(|param| &param.ident);
        quote!(#sig { #(let _ = #unused;)* #answer })
    });
    quote! {
        struct __Client(__mp::Proxy);

        #attribute
        impl #ident for __Client {
            #(#methods)*
            #(#broken)*

            #(#lacking)*

            __mp::holds_proxy!();
        }
    }
}

/// A method with mistakes, of which the compiler has been told; in the same builds as the user's.
pub(super) fn unreachable(function: &Method) -> TokenStream {
    let mut sig = function.sig.clone();
    sig.constness = None;
    for input in &mut sig.inputs {
        let (FnArg::Receiver(syn::Receiver { attrs, .. }) | FnArg::Typed(syn::PatType { attrs, .. })) = input;
        attrs.retain(|attr| attr.path().is_ident("cfg"));
    }
    let conditions = function.attrs.iter().filter(|attr| attr.path().is_ident("cfg"));
    quote!(#(#conditions)* #sig { ::core::unreachable!() })
}

/// A signature without what only a declaration may have.
pub(super) fn signature(method: &Method) -> Signature {
    let mut sig = method.sig.clone();
    for input in &mut sig.inputs {
        match input {
            FnArg::Receiver(receiver) => receiver.attrs.clear(),
            FnArg::Typed(typed) => typed.attrs.clear(),
        }
    }
    sig
}

/// Whether a local method, which may be anything, is one that an object has of its own and is called on it.
fn is_plain(method: &Method) -> bool {
    let sig = &method.sig;
    let has_name = |input: &FnArg| match input {
        FnArg::Typed(typed) => typed.attrs.is_empty() && plain_name(&typed.pat).is_some(),
        FnArg::Receiver(receiver) => matches!(receiver.kind, ReceiverKind::Reference(_, _, None)),
    };
    !method.is_broken
        && sig.receiver().is_some()
        && sig.generics.params.is_empty()
        && sig.generics.where_clause.is_none()
        && matches!(sig.safety, Safety::Default)
        && sig.inputs.iter().all(has_name)
        && !hides(&sig.inputs)
        && !hides(&sig.output)
}

fn forward(item: &Interface, method: &Method) -> TokenStream {
    let (ident, name, sig) = (&item.item.ident, &method.sig.ident, signature(method));
    let conditions = method.attrs.iter().filter(|attr| attr.path().is_ident("cfg"));
    let args = method.params.iter().map(|param| &param.ident);
    let dot_await = method.is_async().then(|| quote!(.await));
    quote!(#(#conditions)* #sig { #ident::#name(&*self.0, #(#args),*) #dot_await })
}

fn client_method(item: &Interface, plan: &Plan<'_>) -> TokenStream {
    let method = plan.method;
    let sig = signature(method);
    let body = call(item, plan);
    let lent = method.params.iter().filter_map(lending);
    // From the inside out: the last loan ends first.
    let body = lent.rev().fold(body, |body, (lend, name)| quote!(__mp::#lend(#name, |#name| { #body })));
    let body = finish(item, method, &body);
    quote!(#sig { #body })
}

/// The function that lends a parameter, if it is a borrowed interface.
fn lending(param: &Param) -> Option<(Ident, &Ident)> {
    match &param.passing {
        Passing::Interface(_) => Some((format_ident!("lend"), &param.ident)),
        Passing::OptionalRef(inner) if matches!(**inner, Passing::Interface(_)) => {
            Some((format_ident!("lend_optional"), &param.ident))
        }
        _ => None,
    }
}

/// The call, as an expression of type `Result<value>` with the runtime's error.
fn call(item: &Interface, plan: &Plan<'_>) -> TokenStream {
    let (ident, method) = (item.ident(), plan.method);
    let index = super::number(method.ordinal);
    let proxy = if item.form.is_some() { quote!(&self.0) } else { quote!(self) };
    let mut builder = quote!(__mp::ClientCall::new::<dyn #ident>(#proxy, #index));
    if let Some(ordinal) = plan.interrupt.map(super::number) {
        builder = quote!(#builder.interrupt(#ordinal));
    }
    if method.pipelined {
        builder = quote!(#builder.pipelined());
    }
    let params: Vec<Step> = plan.params.iter().flat_map(write_param).collect();
    let lendable = plan.params.iter().filter_map(lendable);
    if !params.is_empty() {
        let write = writing(&params);
        builder = quote!(#builder.params(#write)?);
    }
    let read = read_results(plan);
    let pipelinable = method.pipelined.then(|| pipelinable(plan));
    let checks = quote!(#(#lendable)* #pipelinable);
    if method.is_async() {
        quote! {
            #checks
            // The builder holds what belongs to this thread, so it must be gone before the wait.
            let __pending = { #builder.send() };
            __pending.await? #read
        }
    } else {
        quote! {
            #checks
            #builder.wait()? #read
        }
    }
}

/// Refuses, at compile time, `pipelined` where no object can be used before it arrives.
fn pipelinable(plan: &Plan<'_>) -> TokenStream {
    let (ident, alone) = (&plan.method.sig.ident, plan.fields.1.len() == 1);
    let is_interface = match plan.result.as_ref().filter(|_| alone) {
        Some(Value { travels: Travels { ty, set, .. }, .. }) => {
            quote!(__mp::is_interface(<#ty as __mp::WireType<#set>>::TYPE))
        }
        None => quote!(false),
    };
    let message = format!("`{ident}` is `pipelined`, which needs an interface as its only result");
    at(
        quote!(
            const _: () = ::core::assert!(#is_interface, #message);
        ),
        ident.span(),
    )
}

/// Refuses, at compile time, a reference to something that can only be given away.
fn lendable(plan: &ParamPlan<'_>) -> Option<TokenStream> {
    let ParamPlan { param, travels: Travels { ty, set, .. }, .. } = plan;
    let lent = match &param.passing {
        Passing::OptionalRef(inner) => &**inner,
        passing => passing,
    };
    let by_reference = match lent {
        Passing::Ref(ty) | Passing::Slice(ty) | Passing::InOut(ty) => !certain::is_plain(ty),
        _ => false,
    };
    let message = format!(
        "`{}` holds an interface or closure and can only be given away: pass it by value",
        param.ident
    );
    let check = quote!(
        const _: () = ::core::assert!(<#ty as __mp::WireType<#set>>::LENDABLE, #message);
    );
    by_reference.then(|| at(check, param.ident.span()))
}

fn write_param(plan: &ParamPlan<'_>) -> Vec<Step> {
    let ParamPlan { param, travels: Travels { ty, set, .. }, sent, want, .. } = plan;
    let name = &param.ident;
    if let Some(want) = want.map(super::index) {
        return vec![Step::Statements(quote!(if __mp::Option::is_some(&#name) { __out.set_flag(#want); }))];
    }
    let Some(place) = sent.map(super::index) else { return Vec::new() };
    if let Some(module) = &param.wire.with {
        let field = &param.wire.name;
        let value = match &param.passing {
            Passing::Owned(_) => quote!(&#name),
            Passing::InOut(_) => quote!(&*#name),
            _ => quote!(#name),
        };
        let build =
            quote!(let __wire: #ty = #module::build(#value).map_err(|__error| __error.in_field(#field))?;);
        return vec![
            Step::Statements(build),
            Step::Call(quote!(__out.give::<#set, #ty>(__cx, #place, __wire))),
        ];
    }
    vec![Step::Call(match &param.passing {
        Passing::Owned(_) => quote!(__out.give::<#set, #ty>(__cx, #place, #name)),
        Passing::InOut(_) => quote!(__out.put::<#set, #ty>(__cx, #place, &*#name)),
        // A lent interface, which `lend` has made a value.
        Passing::Interface(_) | Passing::OptionalRef(_) => quote!(__out.give::<#set, _>(__cx, #place, #name)),
        _ => quote!(__out.put::<#set, #ty>(__cx, #place, #name)),
    })]
}

/// Reads a value from the results, as an expression of type `Result<value>`.
fn get(wire: &Wire, Travels { ty, set, .. }: &Travels, place: usize) -> TokenStream {
    let (place, name) = (super::index(place), &wire.name);
    let value = quote!(__in.get::<#set, #ty>(__cx, #place));
    match &wire.with {
        Some(module) => quote!(#module::read(#value?).map_err(|__error| __error.in_field(#name))),
        None => value,
    }
}

/// What is done with a response.
fn read_results(plan: &Plan<'_>) -> TokenStream {
    if let Some(Travels { ty, set, .. }) = &plan.whole {
        let value = quote!(__in.get_whole::<#set, #ty>(__cx));
        let value = match plan.method.results.as_ref().and_then(|(_, module)| module.as_ref()) {
            Some(module) => quote!(#module::read(#value?)),
            None => value,
        };
        return quote!(.read(|__cx, __in| #value));
    }
    if let Some(Travels { ty, set, .. }) = plan.only_result() {
        return quote!(.get::<#set, #ty>());
    }
    let outs = plan.params.iter().filter_map(|ParamPlan { param, travels, back, .. }| {
        let (name, value) = (&param.ident, get(&param.wire, travels, (*back)?));
        Some(match param.passing {
            Passing::WantOut(_) => quote! {
                if let __mp::Some(__wanted) = #name {
                    *__wanted = #value?;
                }
            },
            _ => quote!(*#name = #value?;),
        })
    });
    let outs: Vec<TokenStream> = outs.collect();
    let value = |Value { wire, travels, place }: &Value<'_>| get(wire, travels, *place);
    let result = plan.result.as_ref().map(value);
    let ok = quote!(__mp::Ok);
    let Some(exception) = plan.exception.as_ref().map(value) else {
        return match (outs.as_slice(), result) {
            ([], None) => quote!(.done()),
            ([], Some(result)) => quote!(.read(|__cx, __in| #result)),
            (outs, result) => {
                let result = result.unwrap_or_else(|| quote!(#ok(())));
                quote!(.read(|__cx, __in| { #(#outs)* #result }))
            }
        };
    };
    let result = result.map_or(quote!(#ok(#ok(()))), |result| quote!(#ok(#ok(#result?))));
    quote! {
        .read(|__cx, __in| {
            if let __mp::Some(__exception) = #exception? {
                return #ok(__mp::Err(__exception));
            }
            #(#outs)*
            #result
        })
    }
}

/// Gives the call's outcome the form that the method returns.
fn finish(item: &Interface, method: &Method, body: &TokenStream) -> TokenStream {
    let returns = &method.returns;
    if let Returns::Result(_) | Returns::Declared(..) = returns {
        return body.clone();
    }
    let outcome =
        if method.is_async() { quote!(async move { #body }.await) } else { quote!((move || { #body })()) };
    match returns {
        Returns::Result(_) | Returns::Declared(..) => body.clone(),
        Returns::ResultOf(ty, error) => quote! {
            let __outcome: __mp::Outcome<#ty, #error> = #outcome;
            __outcome
        },
        Returns::DeclaredFlat(ty, error) => quote!(__mp::flat::<#ty, #error>(#outcome)),
        Returns::Plain(ty) => {
            let name = format!("{}.{}", item.name, method.name);
            if method.is_async() {
                quote! {
                    let __outcome: __mp::Result<#ty> = #outcome;
                    __mp::or_panic(#name, move || __outcome)
                }
            } else {
                quote!(__mp::or_panic(#name, move || { #body }))
            }
        }
    }
}

/// Closures as values of a callback interface, in the conversion set `dyn Trait`.
pub(super) fn closures(item: &Interface) -> TokenStream {
    let Some(method) = item.methods().next() else { return TokenStream::new() };
    let shared = quote!(__mp::Fn);
    let mutable = quote!(__mp::FnMut);
    let args: Vec<TokenStream> = method
        .sig
        .inputs
        .iter()
        .filter_map(|input| match input {
            FnArg::Typed(typed) => {
                let ty = &typed.ty;
                Some(quote!(#ty))
            }
            FnArg::Receiver(_) => None,
        })
        .collect();
    let output = &method.sig.output;
    let send_sync = quote!(__mp::Send + __mp::Sync);
    let send = quote!(__mp::Send);
    let shared = quote!(dyn #shared(#(#args),*) #output + #send_sync);
    let mutable = quote!(dyn #mutable(#(#args),*) #output + #send);
    let ident = &item.item.ident;
    let (shares, changes) =
        (closure(item, method, "Shared", &shared, false), closure(item, method, "Mutable", &mutable, true));
    quote! {
        impl __mp::Callback for dyn #ident {
            type Shared = #shared;
            type Mutable = #mutable;
        }

        #shares
        #changes
    }
}

/// A closure as an object of the interface, and the reverse.
fn closure(item: &Interface, method: &Method, form: &str, ty: &TokenStream, mutable: bool) -> TokenStream {
    let (ident, name, sig) = (&item.item.ident, &method.sig.ident, signature(method));
    let (wrapper, form) = (format_ident!("__{form}"), format_ident!("{form}"));
    let named = quote!(<dyn #ident as __mp::Callback>::#form);
    let args: Vec<_> = method.params.iter().map(|param| &param.ident).collect();
    let (held, make, call) = if mutable {
        (
            quote!(__mp::Mutex<__mp::Box<#named>>),
            quote!(__mp::Mutex::new(__closure)),
            quote!(__mp::lock(&self.0)(#(#args),*)),
        )
    } else {
        (quote!(__mp::Box<#named>), quote!(__closure), quote!((self.0)(#(#args),*)))
    };
    quote! {
        struct #wrapper(#held);

        impl #ident for #wrapper {
            #sig { #call }
        }

        __mp::boxed_closure!(
            #ident,
            #ty,
            |__closure| __mp::Box::new(#wrapper(#make)),
            |__object| __mp::Box::new(move |#(#args),*| #ident::#name(&*__object, #(#args),*))
        );
    }
}
