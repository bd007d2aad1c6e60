//! `asynchronous = Name` and `blocking = Name`: the same interface, with calls of the other kind.
//!
//! ```text
//! #[ipc_interface(file = SHOP, asynchronous(AsyncShop, Part = AsyncPart))]
//! pub trait Shop: Send + Sync {
//!     fn make(&self, on: &dyn Table) -> Result<Box<dyn Part>>;
//! }
//! // pub trait AsyncShop: Send + Sync {
//! //     async fn make(&self, on: Arc<dyn Table>) -> Result<Box<dyn AsyncPart>>;
//! // }
//! ```
//!
//! In: a trait as it is written. Out: the other one, as somebody would write it; it is read by the same rules.

use syn::visit_mut::VisitMut;
use syn::{Expr, FnArg, Ident, ItemTrait, Path, TraitItem, Type};

use crate::report::Report;
use crate::words::{self, Value, Word};

/// What is asked for.
#[derive(Debug)]
pub(super) struct View {
    /// The name of the other trait.
    pub(super) ident: Ident,
    asynchronous: bool,
    /// Interfaces that it names in another view, and these.
    names: Vec<(Ident, Path)>,
}

/// Takes `asynchronous` or `blocking` off the words of an interface.
pub(super) fn view(words: &mut Vec<Word>, report: &Report) -> Option<View> {
    let place = words.iter().position(|word| word.name == "asynchronous" || word.name == "blocking")?;
    let Word { name, value } = words.remove(place);
    let usage = || {
        report.at(&name, format!("write `{name} = OtherTrait`, or `{name}(OtherTrait, Part = OtherPart)` where it passes other views of other interfaces"));
        None
    };
    let path = |value: &Value| match value {
        Value::Expr(Expr::Path(path)) => Some(path.path.clone()),
        _ => None,
    };
    let (ident, names) = match value {
        Value::Expr(_) => match path(&value).as_ref().and_then(Path::get_ident) {
            Some(ident) => (ident.clone(), Vec::new()),
            None => return usage(),
        },
        Value::List(list) => {
            let mut list = list.into_iter();
            let Some(Word { name: ident, value: Value::None }) = list.next() else { return usage() };
            let mut names = Vec::new();
            for Word { name, value } in list {
                let Some(path) = path(&value) else { return usage() };
                names.push((name, path));
            }
            (ident, names)
        }
        _ => return usage(),
    };
    Some(View { asynchronous: name == "asynchronous", ident, names })
}

impl View {
    /// The other trait.
    pub(super) fn of(&self, item: &ItemTrait) -> ItemTrait {
        let mut other = item.clone();
        let calls = if self.asynchronous { "asynchronous" } else { "blocking" };
        let docs = format!(" [`{}`], as {calls} calls.", item.ident);
        other.attrs.retain(|attr| attr.path().is_ident("cfg"));
        other.attrs.push(syn::parse_quote!(#[doc = #docs]));
        other.ident = self.ident.clone();
        // What stays on its own side is said once.
        other.items.retain(|entry| !matches!(entry, TraitItem::Fn(function) if is_local(function)));
        for entry in &mut other.items {
            let TraitItem::Fn(function) = entry else { continue };
            if function.default.take().is_some() {
                function.semi_token = Some(Default::default());
            }
            function.sig.asyncness = self.asynchronous.then(Default::default);
            for input in &mut function.sig.inputs {
                if let (FnArg::Typed(typed), true) = (input, self.asynchronous) {
                    Shared.visit_type_mut(&mut typed.ty);
                }
            }
        }
        Renamed(&self.names).visit_item_trait_mut(&mut other);
        other
    }

    /// The words of the other trait.
    pub(super) fn words(&self, item: &ItemTrait, words: &[Word]) -> Vec<Word> {
        let mut own: Vec<Word> = words.iter().filter(|word| word.name != "callback").cloned().collect();
        if !own.iter().any(|word| word.name == "name") {
            let name = item.ident.to_string();
            let value = Value::Expr(syn::parse_quote!(#name));
            own.push(Word { name: Ident::new("name", self.ident.span()), value });
        }
        own
    }
}

fn is_local(function: &syn::TraitItemFn) -> bool {
    let quiet = Report::new();
    let words = words::taken(&mut function.attrs.clone(), &quiet);
    // Mistakes are found where the trait itself is read.
    quiet.finish();
    words.iter().any(|word| word.name == "local")
}

/// An asynchronous call may outlive its caller, so it shares what a blocking one borrows.
struct Shared;

impl VisitMut for Shared {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        if let Type::Reference(reference) = ty
            && let Type::TraitObject(object) = &*reference.elem
        {
            *ty = syn::parse_quote!(::std::sync::Arc<#object>);
            return;
        }
        syn::visit_mut::visit_type_mut(self, ty);
    }
}

/// Puts other views in the place of interfaces.
struct Renamed<'n>(&'n [(Ident, Path)]);

impl VisitMut for Renamed<'_> {
    fn visit_trait_bound_mut(&mut self, bound: &mut syn::TraitBound) {
        let last = bound.path.segments.last().map(|last| last.ident.clone());
        if let Some((_, other)) = self.0.iter().find(|(name, _)| last.as_ref() == Some(name)) {
            bound.path = other.clone();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::view;
    use crate::report::Report;
    use crate::words;

    #[test]
    fn the_other_trait_is_as_one_would_write_it() {
        let report = Report::new();
        let mut words = words::of_arguments(
            quote::quote!(file = SHOP, asynchronous(AsyncShop, Part = parts::AsyncPart)),
            &report,
        );
        let view = view(&mut words, &report).expect("a view");
        let item = syn::parse_quote! {
            /// Sells.
            pub trait Shop: Send + Sync + Part {
                #[ipc(ordinal = 1)]
                fn make(&self, on: &dyn Table, at: Option<&dyn Part>, name: &str) -> Result<Box<dyn Part>>;
                async fn wait(&self) -> Result<u32> { Ok(1) }
                #[ipc(local)]
                fn here(&self) {}
            }
        };
        let expected: syn::ItemTrait = syn::parse_quote! {
            #[doc = " [`Shop`], as asynchronous calls."]
            pub trait AsyncShop: Send + Sync + parts::AsyncPart {
                #[ipc(ordinal = 1)]
                async fn make(
                    &self,
                    on: ::std::sync::Arc<dyn Table>,
                    at: Option<::std::sync::Arc<dyn parts::AsyncPart>>,
                    name: &str
                ) -> Result<Box<dyn parts::AsyncPart>>;
                async fn wait(&self) -> Result<u32>;
            }
        };
        let other = view.of(&item);
        assert_eq!(quote::quote!(#other).to_string(), quote::quote!(#expected).to_string());
        assert!(report.finish().is_empty());
    }
}
