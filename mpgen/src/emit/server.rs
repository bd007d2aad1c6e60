//! The dispatcher: calls of a peer on any implementation of the trait.
//!
//! ```text
//! /// findBlock @3 (context, hash: &BlockHash) -> (result: Option<FoundBlock>)
//! 3 => __io.serve(|__cx, __in, __to| {
//!     let hash = __in.get::<(), BlockHash>(__cx, 1)?;
//!     let __result = Chain::find_block(self, &hash)?;
//!     __to.give::<(), Option<FoundBlock>>(__result)
//! }),
//! ```

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::spanned::Spanned;

use super::fields::{Travels, at};
use super::plan::{ParamPlan, Plan, Step, Value, passing_type, writing};
use crate::model::{Interface, Method, Param, Passing, Returns, Wire};
use crate::syntax::{ends_in, generic_arguments, tidy};

/// `impl Interface for dyn Trait`.
pub(super) fn dispatcher(item: &Interface, plans: &[Plan<'_>]) -> TokenStream {
    let (home, ident) = (&item.item.ident, item.ident());
    let hold = match item.form {
        Some(_) => quote!(__Client),
        None => quote!(__mp::identity),
    };
    let (async_arms, blocking_arms): (Vec<_>, Vec<_>) = plans.iter().partition(|plan| plan.method.is_async());
    let async_arms: Vec<_> = async_arms.into_iter().map(|plan| awaiting(item, plan)).collect();
    let blocking_arms: Vec<_> = blocking_arms.into_iter().map(|plan| blocking(item, plan)).collect();
    let bases = &item.bases;
    let rest = rest(item, &quote!(call_blocking), &TokenStream::new());
    // A dispatcher without methods of a kind leaves them to the trait, which refuses.
    let blocking = (!blocking_arms.is_empty() || !bases.is_empty()).then(|| {
        quote! {
            fn call_blocking(
                &self,
                __at: __mp::usize,
                __io: &mut __mp::Call,
            ) -> __mp::Done {
                match __at {
                    #(#blocking_arms)*
                    #rest
                }
            }
        }
    });
    let rest = self::rest(item, &quote!(call_async), &quote!(.await));
    let writes = |plan: &Plan<'_>| {
        let results = plan.whole.is_some() || !plan.fields.1.is_empty();
        plan.method.is_async() && results && plan.only_result().is_none()
    };
    let mutable = plans.iter().any(writes).then(|| quote!(mut));
    let awaiting = (!async_arms.is_empty() || !bases.is_empty()).then(|| {
        quote! {
            fn call_async<'__s>(
                &'__s self,
                __at: __mp::usize,
                #mutable __io: __mp::Call,
            ) -> __mp::BoxFuture<'__s, __mp::Result<__mp::Call>> {
                __mp::Box::pin(async move {
                    match __at {
                        #(#async_arms)*
                        #rest
                    }
                })
            }
        }
    });
    // Only an object that comes home is ever asked for another type than its own.
    let upcasts = bases.iter().map(|base| at(quote!(__mp::Base::new::<dyn #base>), base.span()));
    let upcasts = (!bases.is_empty()).then(|| {
        quote! {
            fn bases(self: __mp::Arc<Self>) -> __mp::Vec<__mp::Base>
            where
                Self: 'static,
            {
                let __object = || <__mp::Arc<Self> as ::core::clone::Clone>::clone(&self);
                ::std::vec![#(#upcasts(__object())),*]
            }
        }
    });
    quote! {
        impl<'__o> __mp::Interface for dyn #ident + '__o {
            const NODE: &'static __mp::InterfaceNode = &__NODE;

            #blocking

            #awaiting

            #upcasts

            __mp::proxied!(#hold, #home::__mp_proxy);
        }
    }
}

/// The arm of methods that are not the interface's own: those of its bases, behind all of its own.
fn rest(item: &Interface, call: &TokenStream, dot_await: &TokenStream) -> TokenStream {
    let bases = &item.bases;
    let reserved = usize::from(item.construct.is_some()) + usize::from(item.destroy.is_some());
    let own = item.methods().count() + reserved;
    let own = super::index(own);
    let refused = quote!(__mp::no_method(__at));
    if bases.is_empty() {
        return quote!(_ => #refused,);
    }
    let in_bases = bases.iter().map(|base| at(quote!(__mp::in_base::<dyn #base>), base.span()));
    quote! {
        _ => {
            let mut __before = #own;
            #(if let __mp::Some(__at) = #in_bases(__at, &mut __before) {
                let __base: &dyn #bases = self;
                return __mp::Interface::#call(__base, __at, __io) #dot_await;
            })*
            #refused
        }
    }
}

/// What a peer knows of a method, above its arm: its name and its ordinal, and each value with the type that it has here.
fn signature(method: &Method) -> String {
    let value = |name: &str, ty: &syn::Type| format!("{name}: {}", tidy(ty));
    let (mut params, mut results) = (Vec::new(), Vec::new());
    if method.context {
        params.push("context".to_owned());
    }
    for param @ Param { ty, .. } in &method.params {
        match param.passing {
            Passing::Absent(_) => {}
            Passing::Out(_) => results.push(value(&param.wire.name, ty)),
            Passing::WantOut(_) => {
                params.push(format!("want{}", crate::names::upper_camel(&param.wire.name)));
                results.push(value(&param.wire.name, ty));
            }
            Passing::InOut(_) => {
                params.push(value(&param.wire.name, ty));
                results.push(value(&param.wire.name, ty));
            }
            _ => params.push(value(&param.wire.name, ty)),
        }
    }
    // As the user wrote them; in the model are names for them.
    let output = match &method.sig.output {
        syn::ReturnType::Type(_, ty) => Some(&**ty),
        syn::ReturnType::Default => None,
    };
    let outer = output.and_then(|ty| generic_arguments(ty, "Result"));
    let written = match &method.returns {
        Returns::Declared(..) => {
            outer.and_then(|outer| outer.first().and_then(|inner| generic_arguments(inner, "Result")))
        }
        Returns::Plain(_) => output.map(|ty| vec![ty]),
        _ => outer,
    };
    let written = written.unwrap_or_default();
    let returned = method.returns.value().map(|ty| written.first().copied().unwrap_or(ty));
    match (returned, &method.results) {
        (Some(ty), Some(_)) => results.push(format!("the fields of {}", tidy(ty))),
        (Some(ty), None) => results.push(value(&method.result.name, ty)),
        (None, _) => {}
    }
    if let (Some((wire, _)), Some(error)) = (&method.exception, method.returns.exception()) {
        results.push(value(&wire.name, written.get(1).copied().unwrap_or(error)));
    }
    format!(" {} @{} ({}) -> ({})", method.name, method.ordinal, params.join(", "), results.join(", "))
}

/// The variable of a parameter. It stands where the parameter does, so that what is wrong with one shows there.
fn local(index: usize, param: &Param) -> syn::Ident {
    let span = param.ident.span().resolved_at(proc_macro2::Span::call_site());
    format_ident!("__arg_{index}", span = span)
}

/// The statements that read a parameter, and the expression that passes it.
fn read_param(plan: &ParamPlan<'_>, index: usize, asynchronous: bool) -> (TokenStream, TokenStream) {
    let ParamPlan { param, travels: Travels { ty: wire, set, .. }, sent, want, .. } = plan;
    let name = local(index, param);
    let get = |ty: TokenStream| {
        let place = super::index(sent.unwrap_or_default());
        match &param.wire.with {
            Some(module) => {
                let field = &param.wire.name;
                quote!(#module::read(__in.get::<#set, #wire>(__cx, #place)?)
                    .map_err(|__error| __error.in_field(#field))?)
            }
            None => quote!(__in.get::<#set, #ty>(__cx, #place)?),
        }
    };
    match &param.passing {
        Passing::Owned(_) => (get(wire.clone()), quote!(#name)),
        Passing::Absent(value) => (quote!(#value), quote!(#name)),
        Passing::InOut(_) => (get(wire.clone()), quote!(&mut #name)),
        Passing::Out(ty) => (quote!(__mp::default::<#ty>()), quote!(&mut #name)),
        Passing::WantOut(ty) => {
            let want = super::index(want.unwrap_or_default());
            (quote!(__in.wanted::<#ty>(__cx, #want)?), quote!(__mp::Option::as_mut(&mut #name)))
        }
        Passing::OptionalRef(inner) => {
            let ty = held(inner, asynchronous);
            let pass = match (&**inner, asynchronous) {
                (Passing::Str, false) => quote!(#name),
                (Passing::Path(_), _) => {
                    quote!(__mp::Option::as_ref(&#name).map(::core::borrow::Borrow::borrow))
                }
                (Passing::Ref(_), _) => quote!(__mp::Option::as_ref(&#name)),
                _ => quote!(__mp::Option::as_deref(&#name)),
            };
            (get(quote!(__mp::Option<#ty>)), pass)
        }
        inner => {
            let ty = held(inner, asynchronous);
            let pass = match (inner, asynchronous) {
                (Passing::Str, false) => quote!(#name),
                (Passing::Interface(_), _) => quote!(&*#name),
                (Passing::Slice(element), false) if is_byte(element) => quote!(#name),
                _ => quote!(&#name),
            };
            (get(ty), pass)
        }
    }
}

/// The type in which a borrowed parameter is held while the method runs.
fn held(passing: &Passing, asynchronous: bool) -> TokenStream {
    match passing {
        Passing::Str if asynchronous => quote!(__mp::String),
        Passing::Str => quote!(&__mp::str),
        Passing::Path(ty) => quote!(__mp::Owned<#ty>),
        Passing::Slice(element) if is_byte(element) && !asynchronous => quote!(&[__mp::u8]),
        Passing::Slice(element) => quote!(__mp::Vec<#element>),
        Passing::Interface(ty) => quote!(__mp::Arc<#ty>),
        other => passing_type(other),
    }
}

fn is_byte(ty: &syn::Type) -> bool {
    matches!(ty, syn::Type::Path(path) if ends_in(path, "u8"))
}

/// A method's outcome, without an error that is the runtime's own.
fn outcome(method: &Method, call: &TokenStream) -> TokenStream {
    match &method.returns {
        Returns::Result(_) | Returns::Declared(..) => quote!(#call?),
        Returns::ResultOf(ty, error) => quote!({
            let __outcome: __mp::Outcome<#ty, #error> = #call;
            __outcome?
        }),
        Returns::DeclaredFlat(..) | Returns::Plain(_) => call.clone(),
    }
}

/// The steps that write a method's results.
fn write_results(plan: &Plan<'_>) -> Vec<Step> {
    if let Some(Travels { ty, set, .. }) = &plan.whole {
        let value = match plan.method.results.as_ref().and_then(|(_, module)| module.as_ref()) {
            Some(module) => quote!(#module::build(&__result)?),
            None => quote!(__result),
        };
        return vec![Step::Call(quote!(__out.give_whole::<#set, #ty>(__cx, #value)))];
    }
    let outs =
        plan.params.iter().enumerate().filter_map(|(index, ParamPlan { param, travels, back, .. })| {
            let (name, place) = (local(index, param), (*back)?);
            Some(match param.passing {
                Passing::WantOut(_) => {
                    let give = give(&param.wire, travels, place, quote!(__value));
                    Step::Statements(quote!(if let __mp::Some(__value) = #name { #give?; }))
                }
                _ => Step::Call(give(&param.wire, travels, place, quote!(#name))),
            })
        });
    let result = plan.result.as_ref().map(|value| give_result(value, quote!(__result)));
    let written: Vec<Step> = outs.chain(result.map(Step::Call)).collect();
    let Some(exception) = &plan.exception else { return written };
    let written = block(&written);
    let thrown = give_result(exception, quote!(__mp::Some(__exception)));
    vec![Step::Call(quote! {
        match __result {
            __mp::Ok(__result) => #written,
            __mp::Err(__exception) => #thrown,
        }
    })]
}

/// Steps as one expression.
fn block(steps: &[Step]) -> TokenStream {
    match steps {
        [Step::Call(call)] => call.clone(),
        steps => {
            let statements = steps.iter().map(|step| match step {
                Step::Call(call) => quote!(#call?;),
                Step::Statements(statements) => statements.clone(),
            });
            quote!({ #(#statements)* __mp::DONE })
        }
    }
}

/// Writes one of the results, after the field's own conversion if it has one.
fn give(wire: &Wire, Travels { ty, set, .. }: &Travels, place: usize, value: TokenStream) -> TokenStream {
    let (name, place) = (&wire.name, super::index(place));
    let value = match &wire.with {
        Some(module) => quote!(#module::build(&#value).map_err(|__error| __error.in_field(#name))?),
        None => value,
    };
    quote!(__out.give::<#set, #ty>(__cx, #place, #value))
}

fn give_result(Value { wire, travels, place }: &Value<'_>, value: TokenStream) -> TokenStream {
    give(wire, travels, *place, value)
}

/// What becomes of a method's outcome.
enum Answer {
    /// There is nothing to write.
    Nothing,
    /// The method of a reply that writes the only result.
    Only(TokenStream),
    /// The closure that writes the results.
    Several(TokenStream),
}

/// What the parameters are read by, the call, and what writes its results.
fn parts(item: &Interface, plan: &Plan<'_>) -> (Vec<TokenStream>, TokenStream, Answer) {
    let asynchronous = plan.method.is_async();
    let params = plan.params.iter().enumerate();
    let (reads, passes): (Vec<_>, Vec<_>) =
        params.map(|(index, param)| read_param(param, index, asynchronous)).unzip();
    let (ident, name) = (&item.item.ident, &plan.method.sig.ident);
    let dot_await = asynchronous.then(|| quote!(.await));
    let call = outcome(plan.method, &quote!(#ident::#name(self, #(#passes),*) #dot_await));
    let steps = write_results(plan);
    let answer = match (plan.only_result(), steps.as_slice()) {
        (Some(Travels { ty, set, .. }), _) => Answer::Only(quote!(give::<#set, #ty>(__result))),
        (None, []) => return (reads, quote!(#call;), Answer::Nothing),
        (None, steps) => Answer::Several(writing(steps)),
    };
    (reads, quote!(let __result = #call;), answer)
}

/// The variables of the parameters, and which of them the method changes.
fn locals<'p>(plan: &'p Plan<'_>) -> (Vec<syn::Ident>, impl Iterator<Item = Option<TokenStream>> + 'p) {
    let names = plan.params.iter().enumerate().map(|(index, plan)| local(index, plan.param)).collect();
    (names, plan.params.iter().map(|plan| plan.param.passing.comes_back().then(|| quote!(mut))))
}

fn blocking(item: &Interface, plan: &Plan<'_>) -> TokenStream {
    let ordinal = super::number(plan.method.ordinal);
    let (reads, call, answer) = parts(item, plan);
    let docs = signature(plan.method);
    let (reply, answer) = match answer {
        Answer::Nothing => (quote!(_), quote!(__mp::DONE)),
        Answer::Only(give) => (quote!(__to), quote!(__to.#give)),
        Answer::Several(write) => (quote!(__to), quote!(__to.write(#write))),
    };
    let (names, mutable) = locals(plan);
    let arguments = if reads.is_empty() { quote!(|_, _, #reply|) } else { quote!(|__cx, __in, #reply|) };
    quote! {
        #[doc = #docs]
        #ordinal => __io.serve(#arguments {
            #(let #mutable #names = #reads;)*
            #call
            #answer
        }),
    }
}

fn awaiting(item: &Interface, plan: &Plan<'_>) -> TokenStream {
    let ordinal = super::number(plan.method.ordinal);
    let (reads, call, answer) = parts(item, plan);
    let docs = signature(plan.method);
    let done = quote!(__mp::Ok(__io));
    let answer = match answer {
        Answer::Nothing => done,
        Answer::Only(give) => quote!(__io.#give),
        Answer::Several(write) => quote!(__mp::Call::results(&mut __io, #write)?; #done),
    };
    let (names, mutable) = locals(plan);
    let read = (!reads.is_empty()).then(|| {
        quote! {
            let (#(#mutable #names,)*) =
                __mp::Call::params(&__io, |__cx, __in| __mp::Ok((#(#reads,)*)))?;
        }
    });
    quote! {
        #[doc = #docs]
        #ordinal => {
            #read
            #call
            #answer
        }
    }
}
