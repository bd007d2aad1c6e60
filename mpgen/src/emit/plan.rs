//! What the nodes, the client and the dispatcher have to know of a method alike, found out once.
//!
//! In: a method of a checked model. Out: its [`Plan`]: what travels for each of its values, and at which place among the
//! parameters or the results.

use proc_macro2::TokenStream;
use quote::quote;

use super::fields::{FieldTokens, Travels, travels};
use crate::model::{Interface, Method, Param, Passing, Returns, Wire};
use crate::names::upper_camel;

/// `#[async_trait]`, where the trait has asynchronous methods.
pub(super) fn async_attribute(item: &Interface, private: &TokenStream) -> TokenStream {
    if item.functions.iter().any(Method::is_async) {
        quote!(#[#private::async_trait])
    } else {
        TokenStream::new()
    }
}

/// The outcome of a method that is not there.
pub(super) fn refusal(
    item: &Interface,
    private: &TokenStream,
    method: Option<&Method>,
    message: &str,
) -> TokenStream {
    match method.map(|method| (&method.returns, &method.sig.ident)) {
        Some((Returns::Plain(_), ident)) => {
            let name = format!("{}.{}", item.name, ident);
            quote!(#private::panic_on_disconnect(#name, &#private::Error::unimplemented(#message)))
        }
        _ => quote!(#private::refused(#message)),
    }
}

/// The conversion set of an interface.
pub(super) fn set(item: &Interface) -> TokenStream {
    item.types.as_ref().map_or(quote!(()), |types| quote!(#types))
}

/// A method that peers call.
pub(super) struct Plan<'m> {
    pub(super) method: &'m Method,
    pub(super) params: Vec<ParamPlan<'m>>,
    /// The value that the method returns, unless that is nothing, or the whole of the results.
    pub(super) result: Option<Value<'m>>,
    /// The error that it declares.
    pub(super) exception: Option<Value<'m>>,
    /// The struct of all results, where it returns them so.
    pub(super) whole: Option<Travels>,
    /// The ordinal of the method that makes it return early.
    pub(super) interrupt: Option<u16>,
    /// The fields of its parameters, and those of its results.
    pub(super) fields: (Vec<FieldTokens>, Vec<FieldTokens>),
}

/// A parameter.
pub(super) struct ParamPlan<'m> {
    pub(super) param: &'m Param,
    pub(super) travels: Travels,
    /// Its place among the parameters.
    pub(super) sent: Option<usize>,
    /// The place of its `wantX` flag among the parameters.
    pub(super) want: Option<usize>,
    /// Its place among the results.
    pub(super) back: Option<usize>,
}

/// One of the results.
pub(super) struct Value<'m> {
    pub(super) wire: &'m Wire,
    pub(super) travels: Travels,
    pub(super) place: usize,
}

/// The plans of all methods that peers call.
pub(super) fn plans(item: &Interface) -> Vec<Plan<'_>> {
    let set = set(item);
    item.methods().map(|method| Plan::new(item, method, &set)).collect()
}

impl<'m> Plan<'m> {
    fn new(item: &'m Interface, method: &'m Method, set: &TokenStream) -> Self {
        let (mut params, mut results) = (Vec::new(), Vec::new());
        params.extend(method.context.then(FieldTokens::context));
        let plans = method.params.iter().map(|param| {
            let Wire { name, .. } = &param.wire;
            let travels = param_type(param, set);
            let (mut sent, mut want, mut back) = (None, None, None);
            match param.passing {
                Passing::Out(_) | Passing::Absent(_) => {}
                Passing::WantOut(_) => {
                    want = Some(add(&mut params, FieldTokens::flag(&format!("want{}", upper_camel(name)))));
                }
                _ => sent = Some(add(&mut params, FieldTokens::value(&param.wire, &travels))),
            }
            if param.passing.comes_back() {
                // The order of the parameters is not that of the results.
                let wire = Wire { ordinal: None, ..param.wire.clone() };
                back = Some(add(&mut results, FieldTokens::value(&wire, &travels)));
            }
            ParamPlan { param, travels, sent, want, back }
        });
        let plans = plans.collect();
        let (mut result, mut exception, mut whole) = (None, None, None);
        match (method.returns.value(), &method.results) {
            (Some(ty), Some((_, with))) => {
                let wire = Wire { with: with.clone(), ..Wire::default() };
                whole = Some(travels(ty, &wire, set));
            }
            (Some(ty), None) => {
                let (wire, travels) = (&method.result, travels(ty, &method.result, set));
                let place = add(&mut results, FieldTokens::value(wire, &travels));
                result = Some(Value { wire, travels, place });
            }
            (None, _) => {}
        }
        if let (Some((wire, cxx)), Some(error)) = (&method.exception, method.returns.exception()) {
            let travels = travels(&syn::parse_quote!(__mp::Option<#error>), wire, set);
            let field = FieldTokens::value(wire, &travels);
            let field = match cxx {
                Some(cxx) => field.annotated(&format!("$Proxy.exception({cxx:?})")),
                None => field,
            };
            exception = Some(Value { wire, travels, place: add(&mut results, field) });
        }
        let named = |name: &syn::LitStr| item.methods().find(|method| method.sig.ident == name.value());
        let interrupt = method.interrupt.as_ref().and_then(named).map(|method| method.ordinal);
        Plan { method, params: plans, result, exception, whole, interrupt, fields: (params, results) }
    }
}

impl Plan<'_> {
    /// What the method returns, where that is all that comes back and is not converted.
    pub(super) fn only_result(&self) -> Option<&Travels> {
        let result = self.result.as_ref().filter(|result| result.wire.with.is_none())?;
        (self.fields.1.len() == 1).then_some(&result.travels)
    }
}

/// Adds a field; gives its place.
fn add(fields: &mut Vec<FieldTokens>, field: FieldTokens) -> usize {
    fields.push(field);
    fields.len() - 1
}

/// What travels for a parameter.
fn param_type(param: &Param, set: &TokenStream) -> Travels {
    let mut travels = travels(&param.ty, &param.wire, set);
    if param.wire.with.is_none() {
        travels.ty = passing_type(&param.passing);
    }
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
        Passing::Interface(ty) => quote!(__mp::Arc<#ty>),
        Passing::OptionalRef(inner) => match &**inner {
            Passing::Interface(ty) => quote!(__mp::Option<__mp::Arc<#ty>>),
            inner => {
                let ty = passing_type(inner);
                quote!(__mp::Option<&'static #ty>)
            }
        },
    }
}

/// A step of writing values.
pub(super) enum Step {
    /// An expression whose outcome says whether it went well.
    Call(TokenStream),
    /// Statements.
    Statements(TokenStream),
}

/// The steps, but the last if it is an expression, as statements; and the outcome of them all.
fn body(steps: &[Step]) -> (Vec<TokenStream>, TokenStream) {
    let statement = |step: &Step| match step {
        Step::Call(call) => quote!(#call?;),
        Step::Statements(statements) => statements.clone(),
    };
    match steps {
        [before @ .., Step::Call(last)] => (before.iter().map(statement).collect(), last.clone()),
        all => (all.iter().map(statement).collect(), quote!(__mp::DONE)),
    }
}

/// The closure that writes values, in as few words as it takes.
pub(super) fn writing(steps: &[Step]) -> TokenStream {
    match body(steps) {
        (before, last) if before.is_empty() => quote!(|__cx, __out| #last),
        (before, last) => quote!(|__cx, __out| { #(#before)* #last }),
    }
}
