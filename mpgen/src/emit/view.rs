//! Objects of a trait as those of its blocking view.
//!
//! ```text
//! impl<T: Chain + ?Sized> BlockingChain for Blocking<T> {
//!     fn tip(&self) -> Result<BlockRef> { block_on(&self.event_loop, Chain::tip(&*self.object)) }
//! }
//! blocking_of!(pub BlockingChain, Chain);
//! ```

use proc_macro2::TokenStream;
use quote::quote;

use super::proxy::{signature, unreachable};
use crate::model::{Interface, Method, Returns};

/// The blocking trait for what has blocking calls of an object.
pub(super) fn wrapper(item: &Interface, other: &Interface) -> TokenStream {
    let (vis, ident, home) = (&item.item.vis, &other.item.ident, &item.item.ident);
    let methods = other.all_methods().filter_map(|method| {
        let called = item.all_methods().find(|called| called.sig.ident == method.sig.ident)?;
        Some(waiting(item, called, method))
    });
    let broken = other.broken().map(unreachable);
    quote! {
        impl<__T: #home + ?__mp::Sized> #ident for __mp::Blocking<__T> {
            #(#methods)*
            #(#broken)*

            fn __mp_proxy(&self) -> __mp::Option<&__mp::Proxy> {
                #home::__mp_proxy(&*self.object)
            }
        }

        __mp::blocking_of!(#vis #ident, #home);
    }
}

/// A method that waits for the one of the trait.
fn waiting(item: &Interface, called: &Method, method: &Method) -> TokenStream {
    let (home, name, sig) = (&item.item.ident, &method.sig.ident, signature(method));
    let args = method.params.iter().map(|param| &param.ident);
    let call = quote!(#home::#name(&*self.object, #(#args),*));
    let outcome = match (&called.returns, called.sig.asyncness) {
        (_, None) => call,
        (Returns::Plain(_), Some(_)) => {
            let named = format!("{}.{}", item.name, method.name);
            quote!(__mp::block_on_or_panic(#named, &self.event_loop, #call))
        }
        (_, Some(_)) => quote!(__mp::block_on(&self.event_loop, #call)),
    };
    let body = if called.sig.output == method.sig.output {
        outcome
    } else {
        quote!(__mp::InBlocking::in_blocking(#outcome, &self.event_loop))
    };
    quote!(#sig { #body })
}
