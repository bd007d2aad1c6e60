//! The dispatcher: calls of a peer on any implementation of the trait.
//!
//! ```text
//! (__ID, 3) => __call.serve(|__cx, __params, __reply| {
//!     let hash = __params.get::<(), BlockHash>(__cx, 1)?;
//!     let __result = Chain::find_block(self, &hash)?;
//!     __reply.write(|__cx, __out| { __out.give::<(), _>(__cx, 0, __result)?; … })
//! }),
//! ```

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::fields::travels;
use super::methods::{Places, Step, param_type, places, set, whole, writing};
use super::private;
use crate::model::{Interface, Method, Param, Passing, Returns, Wire};

/// `impl Interface for dyn Trait`.
pub(super) fn dispatcher(item: &Interface) -> TokenStream {
    let private = private();
    let (home, ident) = (&item.item.ident, item.ident());
    let hold = match item.form {
        Some(_) => quote!(__Client),
        None => quote!(::core::convert::identity),
    };
    let asynchronous = |method: &&Method| method.sig.asyncness.is_some();
    let blocking_arms: Vec<_> = item
        .methods
        .iter()
        .filter(|method| !asynchronous(method))
        .map(|method| blocking(item, method))
        .collect();
    let async_arms: Vec<_> =
        item.methods.iter().filter(asynchronous).map(|method| awaiting(item, method)).collect();
    let bases = &item.bases;
    // A dispatcher without methods of a kind leaves them to the trait, which refuses.
    let blocking = (!blocking_arms.is_empty() || !bases.is_empty()).then(|| {
        quote! {
            fn call_blocking(
                &self,
                __interface: #private::u64,
                __ordinal: #private::u16,
                __call: &mut #private::Call,
            ) -> #private::Result<()> {
                match (__interface, __ordinal) {
                    #(#blocking_arms)*
                    #((_, _) if #private::has_method::<dyn #bases>(__interface, __ordinal) => {
                        let __base: &dyn #bases = self;
                        #private::Interface::call_blocking(__base, __interface, __ordinal, __call)
                    })*
                    _ => ::core::result::Result::Err(#private::no_method(__interface, __ordinal)),
                }
            }
        }
    });
    let awaiting = (!async_arms.is_empty() || !bases.is_empty()).then(|| {
        quote! {
            fn call_async<'__s>(
                &'__s self,
                __interface: #private::u64,
                __ordinal: #private::u16,
                mut __call: #private::Call,
            ) -> #private::BoxFuture<'__s, #private::Result<#private::Call>> {
                ::std::boxed::Box::pin(async move {
                    match (__interface, __ordinal) {
                        #(#async_arms)*
                        #((_, _) if #private::has_method::<dyn #bases>(__interface, __ordinal) => {
                            let __base: &dyn #bases = self;
                            #private::Interface::call_async(__base, __interface, __ordinal, __call).await
                        })*
                        _ => ::core::result::Result::Err(#private::no_method(__interface, __ordinal)),
                    }
                })
            }
        }
    });
    // Only an object that comes home is ever asked for another type than its own.
    let upcasts = (!bases.is_empty()).then(|| {
        quote! {
            fn bases(self: ::std::sync::Arc<Self>) -> ::std::vec::Vec<#private::Base>
            where
                Self: 'static,
            {
                let __object = || <::std::sync::Arc<Self> as ::core::clone::Clone>::clone(&self);
                ::std::vec![#(#private::Base::new::<dyn #bases>(__object())),*]
            }
        }
    });
    quote! {
        impl<'__o> #private::Interface for dyn #ident + '__o {
            const NODE: &'static #private::InterfaceNode = &__NODE;

            #blocking

            #awaiting

            #upcasts

            #private::proxied!(#hold, #home::__mp_proxy);
        }
    }
}

/// The variable of a parameter. It stands where the parameter does, so that what is wrong with one shows there.
fn local(index: usize, param: &Param) -> syn::Ident {
    let span = param.ident.span().resolved_at(proc_macro2::Span::call_site());
    format_ident!("__arg_{index}", span = span)
}

/// The statements that read a parameter, and the expression that passes it.
fn read_param(
    param: &Param,
    index: usize,
    places: &Places,
    set: &TokenStream,
    asynchronous: bool,
) -> (TokenStream, TokenStream) {
    let name = local(index, param);
    let (place, want) = places.params[index];
    let super::fields::Travels { ty: wire, set, .. } = param_type(param, set);
    let get = |ty: TokenStream| {
        let place = super::index(place.unwrap_or_default());
        match &param.wire.with {
            Some(module) => {
                let field = &param.wire.name;
                quote!(#module::read(__params.get::<#set, #wire>(__cx, #place)?)
                    .map_err(|__error| __error.in_field(#field))?)
            }
            None => quote!(__params.get::<#set, #ty>(__cx, #place)?),
        }
    };
    match &param.passing {
        Passing::Owned(_) => (get(wire.clone()), quote!(#name)),
        Passing::Absent(value) => (quote!(#value), quote!(#name)),
        Passing::InOut(_) => (get(wire.clone()), quote!(&mut #name)),
        Passing::Out(ty) => (quote!(<#ty as ::core::default::Default>::default()), quote!(&mut #name)),
        Passing::WantOut(ty) => {
            let (want, private) = (super::index(want.unwrap_or_default()), private());
            let value = quote! {
                if __params.get::<(), #private::bool>(__cx, #want)? {
                    ::core::option::Option::Some(<#ty as ::core::default::Default>::default())
                } else {
                    ::core::option::Option::None
                }
            };
            (value, quote!(::core::option::Option::as_mut(&mut #name)))
        }
        Passing::OptionalRef(inner) => {
            let ty = held(inner, asynchronous);
            let pass = match (&**inner, asynchronous) {
                (Passing::Str, false) => quote!(#name),
                (Passing::Ref(_), _) => quote!(::core::option::Option::as_ref(&#name)),
                _ => quote!(::core::option::Option::as_deref(&#name)),
            };
            (get(quote!(::core::option::Option<#ty>)), pass)
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
        Passing::Str if asynchronous => quote!(::std::string::String),
        Passing::Str => quote!(&__mp::str),
        Passing::Path(_) => quote!(::std::path::PathBuf),
        Passing::Slice(element) if is_byte(element) && !asynchronous => quote!(&[__mp::u8]),
        Passing::Slice(element) => quote!(::std::vec::Vec<#element>),
        Passing::Interface(ty) => quote!(::std::sync::Arc<#ty>),
        other => super::methods::passing_type(other),
    }
}

fn is_byte(ty: &syn::Type) -> bool {
    matches!(ty, syn::Type::Path(path) if crate::syntax::ends_in(path, "u8"))
}

/// A method's outcome, without an error that is the runtime's own.
fn outcome(method: &Method, call: &TokenStream) -> TokenStream {
    match &method.returns {
        Returns::Result(_) | Returns::Declared(..) => quote!(#call?),
        Returns::ResultOf(ty, error) => quote!({
            let __outcome: ::core::result::Result<#ty, #error> = #call;
            __outcome?
        }),
        Returns::DeclaredFlat(..) | Returns::Plain(_) => call.clone(),
    }
}

/// The steps that write a method's results.
fn write_results(method: &Method, places: &Places, set: &TokenStream) -> Vec<Step> {
    if let Some(super::fields::Travels { ty, set, .. }) = whole(method, set) {
        let value = match method.results.as_ref().and_then(Option::as_ref) {
            Some(module) => quote!(#module::build(&__result)?),
            None => quote!(__result),
        };
        return vec![
            Step::Statements(quote!(let __results: #ty = #value;)),
            Step::Call(quote!(__out.give_whole::<#set, #ty>(__cx, __results))),
        ];
    }
    let outs = method.params.iter().enumerate().filter_map(|(index, param)| {
        let place = super::index(places.outs[index]?);
        let name = local(index, param);
        let super::fields::Travels { ty, set, .. } = param_type(param, set);
        let give = |value: TokenStream| {
            let value = converted(&param.wire, value);
            quote!(__out.give::<#set, #ty>(__cx, #place, #value))
        };
        Some(match param.passing {
            Passing::WantOut(_) => {
                let give = give(quote!(__value));
                Step::Statements(quote!(if let ::core::option::Option::Some(__value) = #name { #give?; }))
            }
            _ => Step::Call(give(quote!(#name))),
        })
    });
    let result = places.result.and_then(|place| give_result(method, place, set)).map(Step::Call);
    let written: Vec<Step> = outs.chain(result).collect();
    match (&method.exception, places.exception, method.returns.exception()) {
        (Some((wire, _)), Some(place), Some(error)) => {
            let option = syn::parse_quote!(::core::option::Option<#error>);
            let super::fields::Travels { ty, set, .. } = travels(&option, wire, set);
            let value = converted(wire, quote!(::core::option::Option::Some(__exception)));
            let (place, written) = (super::index(place), block(&written));
            vec![Step::Call(quote! {
                match __result {
                    ::core::result::Result::Ok(__result) => #written,
                    ::core::result::Result::Err(__exception) => __out.give::<#set, #ty>(__cx, #place, #value),
                }
            })]
        }
        _ => written,
    }
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
            quote!({ #(#statements)* ::core::result::Result::Ok(()) })
        }
    }
}

fn give_result(method: &Method, place: usize, set: &TokenStream) -> Option<TokenStream> {
    let super::fields::Travels { ty, set, .. } = travels(method.returns.value()?, &method.result, set);
    let (value, place) = (converted(&method.result, quote!(__result)), super::index(place));
    Some(quote!(__out.give::<#set, #ty>(__cx, #place, #value)))
}

/// A value in the form that travels, after the field's own conversion if it has one.
fn converted(wire: &Wire, value: TokenStream) -> TokenStream {
    let name = &wire.name;
    match &wire.with {
        Some(module) => quote!(#module::build(&#value).map_err(|__error| __error.in_field(#name))?),
        None => value,
    }
}

/// What the parameters are read by, the call, and what writes its results.
fn parts(item: &Interface, method: &Method) -> (Vec<TokenStream>, TokenStream, TokenStream) {
    let set = set(item);
    let places = places(method);
    let asynchronous = method.sig.asyncness.is_some();
    let (mut reads, mut passes) = (Vec::new(), Vec::new());
    for (index, param) in method.params.iter().enumerate() {
        let (read, pass) = read_param(param, index, &places, &set, asynchronous);
        reads.push(read);
        passes.push(pass);
    }
    let (ident, name) = (&item.item.ident, &method.sig.ident);
    let dot_await = if asynchronous { quote!(.await) } else { TokenStream::new() };
    let call = outcome(method, &quote!(#ident::#name(self, #(#passes),*) #dot_await));
    let steps = write_results(method, &places, &set);
    let call = if steps.is_empty() { quote!(#call;) } else { quote!(let __result = #call;) };
    (reads, call, writing(&steps))
}

fn mutable(param: &Param) -> TokenStream {
    match param.passing {
        Passing::InOut(_) | Passing::Out(_) | Passing::WantOut(_) => quote!(mut),
        _ => TokenStream::new(),
    }
}

fn blocking(item: &Interface, method: &Method) -> TokenStream {
    let ordinal = super::number(method.ordinal);
    let (reads, call, write) = parts(item, method);
    let names = method.params.iter().enumerate().map(|(index, param)| local(index, param));
    let mutable = method.params.iter().map(mutable);
    let arguments =
        if reads.is_empty() { quote!(|_, _, __reply|) } else { quote!(|__cx, __params, __reply|) };
    quote! {
        (__ID, #ordinal) => __call.serve(#arguments {
            #(let #mutable #names = #reads;)*
            #call
            __reply.write(#write)
        }),
    }
}

fn awaiting(item: &Interface, method: &Method) -> TokenStream {
    let private = private();
    let ordinal = super::number(method.ordinal);
    let (reads, call, write) = parts(item, method);
    let names: Vec<_> = method.params.iter().enumerate().map(|(index, param)| local(index, param)).collect();
    let mutable = method.params.iter().map(mutable);
    let read = (!reads.is_empty()).then(|| {
        quote! {
            let (#(#mutable #names,)*) = #private::Call::params(&__call, |__cx, __params| {
                #(let #names = #reads;)*
                ::core::result::Result::Ok((#(#names,)*))
            })?;
        }
    });
    quote! {
        (__ID, #ordinal) => {
            #read
            #call
            #private::Call::results(&mut __call, #write)?;
            ::core::result::Result::Ok(__call)
        }
    }
}
