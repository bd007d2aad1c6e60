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
use crate::syntax::generic_arguments;
use crate::words::{self, Value, Word};

/// What is asked for.
#[derive(Debug)]
pub(super) struct View {
    /// The name of the other trait.
    pub(super) ident: Ident,
    asynchronous: bool,
    /// Interfaces that it names in another view, and these.
    names: Vec<(Ident, Path)>,
    /// The trait itself, of which it names the view, and not another one of that name.
    of: Ident,
}

/// Takes `asynchronous` or `blocking` off the words of an interface.
pub(super) fn view(words: &mut Vec<Word>, of: &Ident, report: &Report) -> Option<View> {
    let place = words.iter().position(|word| word.name == "asynchronous" || word.name == "blocking")?;
    let Word { name, value } = words.remove(place);
    let is_view = |word: &Word| word.name == "asynchronous" || word.name == "blocking";
    if let Some(other) = words.iter().position(is_view) {
        let other = words.remove(other).name;
        report.at(other, "a trait has one other view, whose calls are all of the other kind; leave one out");
    }
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
    Some(View { asynchronous: name == "asynchronous", ident, names, of: of.clone() })
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
        Renamed(self).visit_item_trait_mut(&mut other);
        other
    }

    /// Whether any object of the trait can be made one of the other: its calls wait, they take what the others take,
    /// and what they return that is another view can be made so too.
    pub(super) fn wraps(&self, item: &ItemTrait, bases: &[Path]) -> bool {
        let fits = |entry: &TraitItem| match entry {
            TraitItem::Fn(function) if !is_local(function) => {
                let takes = |input: &FnArg| matches!(input, FnArg::Typed(typed) if self.changes(&typed.ty));
                let gives = match &function.sig.output {
                    syn::ReturnType::Type(_, ty) => self.is_made_of_objects(ty),
                    syn::ReturnType::Default => true,
                };
                gives && !function.sig.inputs.iter().any(takes)
            }
            _ => true,
        };
        !self.asynchronous
            && bases.iter().all(|base| self.other(base).is_some())
            && item.items.iter().all(fits)
    }

    fn changes(&self, ty: &Type) -> bool {
        let mut other = ty.clone();
        Renamed(self).visit_type_mut(&mut other);
        other != *ty
    }

    /// Whether what the view names otherwise in a type is one by one an object.
    fn is_made_of_objects(&self, ty: &Type) -> bool {
        let inside = |names: &[&str]| names.iter().find_map(|name| generic_arguments(ty, name));
        if !self.changes(ty) {
            return true;
        }
        if let Some(object) = inside(&["Arc", "Box"]) {
            return matches!(object.as_slice(), [Type::TraitObject(_)]);
        }
        match inside(&["Option", "Vec", "Result"]).as_deref() {
            Some([value, rest @ ..]) => {
                self.is_made_of_objects(value) && !rest.iter().any(|rest| self.changes(rest))
            }
            _ => false,
        }
    }

    /// What the view calls an interface.
    fn other(&self, path: &Path) -> Option<Path> {
        let last = path.segments.last().map(|last| &last.ident);
        let named = self.names.iter().find(|(name, _)| last == Some(name)).map(|(_, other)| other.clone());
        named.or_else(|| path.is_ident(&self.of).then(|| self.ident.clone().into()))
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
    // Mistakes are found where the trait itself is read.
    let (words, _) = Report::apart(|report| words::taken(&mut function.attrs.clone(), report));
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
struct Renamed<'v>(&'v View);

impl VisitMut for Renamed<'_> {
    fn visit_trait_bound_mut(&mut self, bound: &mut syn::TraitBound) {
        if let Some(other) = self.0.other(&bound.path) {
            bound.path = other;
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
        let view = view(&mut words, &quote::format_ident!("Shop"), &report).expect("a view");
        let item = syn::parse_quote! {
            /// Sells.
            pub trait Shop: Send + Sync + Part {
                #[ipc(ordinal = 1)]
                fn make(&self, on: &dyn Table, at: Option<&dyn Part>, name: &str) -> Result<Box<dyn Part>>;
                fn other(&self, from: Arc<dyn far::Shop>) -> Result<Box<dyn Shop>>;
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
                async fn other(&self, from: Arc<dyn far::Shop>) -> Result<Box<dyn AsyncShop>>;
                async fn wait(&self) -> Result<u32>;
            }
        };
        let other = view.of(&item);
        assert_eq!(quote::quote!(#other).to_string(), quote::quote!(#expected).to_string());
        assert!(report.finish().is_empty());
    }

    #[test]
    fn an_object_is_made_of_another_where_only_objects_are_other_in_what_it_returns() {
        let wraps = |words: proc_macro2::TokenStream, item: syn::ItemTrait| {
            let report = Report::new();
            let mut words = words::of_arguments(words, &report);
            let view = view(&mut words, &item.ident, &report).expect("a view");
            assert!(report.finish().is_empty());
            let bases: Vec<syn::Path> = item
                .supertraits
                .iter()
                .filter_map(|bound| match bound {
                    syn::TypeParamBound::Trait(bound) => Some(bound.path.clone()),
                    _ => None,
                })
                .collect();
            view.wraps(&item, &bases)
        };
        let words = || quote::quote!(blocking(BlockingShop, Part = BlockingPart));
        assert!(wraps(
            words(),
            syn::parse_quote! {
                trait Shop: Part {
                    async fn next(&self, of: Arc<dyn Other>) -> Result<Result<Vec<Option<Arc<dyn Part>>>, NoPart>>;
                    async fn shop(&self) -> Result<Box<dyn Shop>>;
                }
            }
        ));
        for other in [
            syn::parse_quote!(
                trait Shop: Other {
                    fn a(&self) -> Result<u32>;
                }
            ),
            syn::parse_quote!(
                trait Shop {
                    async fn give(&self, part: Arc<dyn Part>) -> Result<()>;
                }
            ),
            syn::parse_quote!(
                trait Shop {
                    async fn give(&self) -> Result<Parts<dyn Part>>;
                }
            ),
            syn::parse_quote!(
                trait Shop {
                    async fn give(&self) -> Result<(Arc<dyn Part>, u32)>;
                }
            ),
            syn::parse_quote!(
                trait Shop {
                    async fn give(&self) -> Result<u32, Wrong<dyn Part>>;
                }
            ),
        ] {
            assert!(!wraps(words(), other));
        }
        assert!(!wraps(quote::quote!(asynchronous = AsyncShop), syn::parse_quote! { trait Shop {} }));
    }
}
