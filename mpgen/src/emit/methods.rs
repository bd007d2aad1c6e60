//! What the trait, its client and its dispatcher have to know of methods alike.
//!
//! In: the methods of a checked model. Out: where each parameter and the result lie in the messages, and their types on
//! the wire.

use proc_macro2::TokenStream;
use quote::quote;

use super::fields::{Travels, travels};
use crate::model::{Interface, Method, Param, Passing, Returns, Wire};

/// Whether the trait has asynchronous methods.
pub(super) fn is_async(item: &Interface) -> bool {
    let broken = item.broken.iter().map(|function| &function.sig);
    all_methods(item).map(|method| &method.sig).chain(broken).any(|sig| sig.asyncness.is_some())
}

/// The methods of the trait, whichever version has them.
pub(super) fn all_methods(item: &Interface) -> impl Iterator<Item = &Method> {
    item.methods.iter().chain(item.lacking.iter().map(|(method, _)| method))
}

/// `#[async_trait]`, where the trait needs it.
pub(super) fn async_attribute(item: &Interface, private: &TokenStream) -> TokenStream {
    if is_async(item) { quote!(#[#private::async_trait]) } else { TokenStream::new() }
}

/// The outcome of a method that is not there.
pub(super) fn refusal(
    item: &Interface,
    private: &TokenStream,
    method: Option<&Method>,
    message: &str,
) -> TokenStream {
    let error = quote!(#private::Error::unimplemented(#message));
    match method.map(|method| (&method.returns, &method.sig.ident)) {
        Some((Returns::Plain(_), ident)) => {
            let name = format!("{}.{}", item.name, ident);
            quote!(#private::panic_on_disconnect(#name, &#error))
        }
        _ => quote!(::core::result::Result::Err(::core::convert::Into::into(#error))),
    }
}

/// The conversion set of an interface.
pub(super) fn set(item: &Interface) -> TokenStream {
    let types = &item.types;
    quote!(#types)
}

/// What travels for a parameter.
pub(super) fn param_type(param: &Param, set: &TokenStream) -> Travels {
    let mut travels = travels(&syn::parse_quote!(()), &param.wire, set);
    if param.wire.with.is_none() {
        travels.ty = passing_type(&param.passing);
    }
    travels.ends = param.ends;
    travels
}

/// The type that travels for a way of passing.
pub(super) fn passing_type(passing: &Passing) -> TokenStream {
    match passing {
        Passing::Owned(ty)
        | Passing::Ref(ty)
        | Passing::Path(ty)
        | Passing::InOut(ty)
        | Passing::Out(ty)
        | Passing::WantOut(ty) => {
            quote!(#ty)
        }
        Passing::Absent(_) => quote!(()),
        Passing::Str => quote!(__mp::str),
        Passing::Slice(ty) => quote!([#ty]),
        Passing::Interface(ty) => quote!(::std::sync::Arc<#ty>),
        Passing::OptionalRef(inner) => match &**inner {
            Passing::Interface(ty) => quote!(::core::option::Option<::std::sync::Arc<#ty>>),
            inner => {
                let ty = passing_type(inner);
                quote!(::core::option::Option<&'static #ty>)
            }
        },
    }
}

/// Where a method's values lie: indices into its parameters and its results.
pub(super) struct Places {
    /// For each parameter: its index among the parameters, and that of its `wantX` flag.
    pub(super) params: Vec<(Option<usize>, Option<usize>)>,
    /// For each parameter: its index among the results.
    pub(super) outs: Vec<Option<usize>>,
    pub(super) result: Option<usize>,
    pub(super) exception: Option<usize>,
}

/// Counts off the fields in the order in which [`params_fields`] and [`results_fields`] list them.
pub(super) fn places(method: &Method) -> Places {
    let mut next = usize::from(method.context);
    let mut take = || {
        next += 1;
        next - 1
    };
    let params = method.params.iter().map(|param| match param.passing {
        Passing::Out(_) | Passing::Absent(_) => (None, None),
        Passing::WantOut(_) => (None, Some(take())),
        _ => (Some(take()), None),
    });
    let params = params.collect();
    let mut next = 0;
    let mut take = || {
        next += 1;
        next - 1
    };
    let outs = method.params.iter().map(|param| param.passing.comes_back().then(&mut take)).collect();
    let result = method.returns.value().filter(|_| method.results.is_none()).map(|_| take());
    let exception = method.exception.as_ref().map(|_| take());
    Places { params, outs, result, exception }
}

/// The struct of all results, where a method returns them so.
pub(super) fn whole(method: &Method, set: &TokenStream) -> Option<Travels> {
    let with = method.results.as_ref()?;
    let wire = Wire { with: with.clone(), ..Wire::default() };
    Some(travels(method.returns.value()?, &wire, set))
}

/// A step of writing values.
pub(super) enum Step {
    /// An expression whose outcome says whether it went well.
    Call(TokenStream),
    /// Statements.
    Statements(TokenStream),
}

/// The closure that writes values, in as few words as it takes.
pub(super) fn writing(steps: &[Step]) -> TokenStream {
    let statement = |step: &Step| match step {
        Step::Call(call) => quote!(#call?;),
        Step::Statements(statements) => statements.clone(),
    };
    match steps {
        [Step::Call(call)] => quote!(|__cx, __out| #call),
        [before @ .., Step::Call(last)] => {
            let before = before.iter().map(statement);
            quote!(|__cx, __out| { #(#before)* #last })
        }
        all => {
            let all = all.iter().map(statement);
            quote!(|__cx, __out| { #(#all)* ::core::result::Result::Ok(()) })
        }
    }
}
