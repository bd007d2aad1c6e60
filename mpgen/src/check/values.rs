//! What parameters, results and fields hold.

use quote::ToTokens;
use syn::visit::Visit;
use syn::{TraitBound, Type, TypeParamBound, TypeTraitObject};

use crate::model::Wire;
use crate::report::Report;
use crate::syntax::{generic_argument, generic_arguments, integer, list_item, literal, word};

/// The rules for a value, by its words and its type.
const OF_VALUES: &[fn(&Wire, &Type, &Report)] = &[
    optional_is_for_options,
    an_option_has_no_default,
    a_callback_is_a_closure,
    the_type_travels,
    the_default_fits,
];

/// Checks a parameter, a result or a field.
pub(super) fn value(wire: &Wire, ty: &Type, report: &Report) {
    OF_VALUES.iter().for_each(|rule| rule(wire, ty, report));
}

/// Only what may be none has a form for that.
fn optional_is_for_options(wire: &Wire, ty: &Type, report: &Report) {
    if wire.optional.is_some() && generic_argument(ty, "Option").is_none() {
        report.at(ty, "`optional` needs an `Option<…>`; write the type so, or leave `optional` out");
    }
}

/// A reader takes none for the default.
fn an_option_has_no_default(wire: &Wire, ty: &Type, report: &Report) {
    if let Some(default) = &wire.default
        && wire.with.is_none()
        && generic_argument(ty, "Option").is_some()
    {
        report.at(default, "an `Option` has no schema default: it is none unless it is set");
    }
}

/// A closure may hide behind another name, but not behind these.
fn a_callback_is_a_closure(wire: &Wire, ty: &Type, report: &Report) {
    let held = ["Box", "Arc"].iter().find_map(|holder| generic_argument(ty, holder)).unwrap_or(ty);
    let is_none = match held {
        Type::TraitObject(object) => !is_closure(object),
        _ => is_number(held) || word(held).is_some_and(|name| name == "String" || name == "str"),
    };
    if wire.closure && is_none {
        report.at(ty, "`callback` is for closures, which it gives an interface; leave it out");
    }
}

/// The traits of an object.
pub(super) fn bounds(object: &TypeTraitObject) -> impl Iterator<Item = &TraitBound> {
    object.bounds.iter().filter_map(|bound| match bound {
        TypeParamBound::Trait(bound) => Some(bound),
        _ => None,
    })
}

fn has_bound(object: &TypeTraitObject, name: &str) -> bool {
    bounds(object).any(|bound| bound.path.segments.last().is_some_and(|last| last.ident == name))
}

/// The kinds of closures.
const CLOSURES: [&str; 3] = ["Fn", "FnMut", "FnOnce"];

/// Whether an object is a closure.
pub(super) fn is_closure(object: &TypeTraitObject) -> bool {
    CLOSURES.iter().any(|name| has_bound(object, name))
}

/// What is said of an object that is not only `dyn Trait`.
pub(super) const BOUNDS_ARE_DECLARED: &str =
    "an interface is `Send + Sync` by its own declaration; write only `dyn Trait`";

/// The owned form of a type that has no size.
pub(super) fn unsized_as_owned(ty: &Type) -> Option<String> {
    match ty {
        Type::Slice(_) => owned(ty),
        _ => word(ty).filter(|name| *name == "str").map(|_| "String".into()),
    }
}

/// Types that cannot travel, wherever they stand inside another type.
fn the_type_travels(wire: &Wire, ty: &Type, report: &Report) {
    if wire.with.is_some() {
        return;
    }
    struct Search<'s> {
        wire: &'s Wire,
        report: &'s Report,
    }
    impl<'ast> Visit<'ast> for Search<'_> {
        fn visit_type(&mut self, ty: &'ast Type) {
            let text = match ty {
                Type::ImplTrait(hidden) if is_hidden_closure(hidden) => {
                    "`impl Trait` hides which type travels; pass `Box<dyn Fn(…) -> … + Send + Sync>` with `#[ipc(callback = Trait)]`"
                }
                Type::ImplTrait(_) => {
                    "`impl Trait` hides which type travels; name the type, or pass `Box<dyn Trait>` or `Arc<dyn Trait>` of an interface"
                }
                Type::Ptr(_) => "a raw pointer means nothing in another process; pass the value",
                Type::FnPtr(_) => {
                    "a function pointer means nothing in another process; pass `Box<dyn Fn(…) -> … + Send + Sync>` with `#[ipc(callback = Trait)]`"
                }
                Type::Path(_) if word(ty).is_some_and(|name| name == "u128" || name == "i128") => {
                    "Cap'n Proto has integers of up to 64 bits; pass `[u8; 16]`, or a struct of two `u64`"
                }
                Type::Never(_) => "a value of type `!` cannot travel; return `Result<()>`",
                Type::Infer(_) => "the type must be written out: the schema depends on it",
                Type::Tuple(tuple) if tuple.elems.len() > LONGEST_TUPLE => {
                    "a tuple that travels has at most twelve values; make it a struct with names, and derive `IpcStruct`"
                }
                Type::Path(_)
                    if generic_argument(ty, "Option")
                        .is_some_and(|inner| generic_argument(inner, "Option").is_some()) =>
                {
                    "an `Option` inside an `Option` would lose a level; write one `Option`, or hold a struct with an `Option` field"
                }
                _ if list_item(ty)
                    .and_then(|item| generic_argument(item, "Option"))
                    .is_some_and(is_number) =>
                {
                    "an `Option` of a number has no form inside a list; hold a struct with an `Option` field"
                }
                _ => return self.visit_inside(ty),
            };
            self.report.at(ty, text);
        }
    }
    impl Search<'_> {
        fn visit_inside(&mut self, ty: &Type) {
            for name in ["Rc", "RefCell", "Cell", "MutexGuard", "RwLockReadGuard", "RwLockWriteGuard"] {
                if generic_arguments(ty, name).is_some() {
                    self.report.at(ty, format!("`{name}` belongs to one thread and cannot be handed to another; pass the value itself, or `Arc<dyn Trait>` of an interface"));
                    return;
                }
            }
            if let Some(shared) = generic_argument(ty, "Arc")
                && let Some(owned) = owned(shared)
            {
                self.report.at(ty, format!("`Arc` shares objects of interfaces (`Arc<dyn Trait>`), and a value travels as a copy; write `{owned}`"));
                return;
            }
            if let Some(owned) = generic_argument(ty, "Box").and_then(unsized_as_owned) {
                self.report.at(
                    ty,
                    format!("a value travels as a copy, which is owned in any case; write `{owned}`"),
                );
                return;
            }
            for holder in ["Box", "Arc"] {
                if let Some(Type::TraitObject(object)) = generic_argument(ty, holder) {
                    self.object(holder, object);
                    return;
                }
            }
            syn::visit::visit_type(self, ty);
        }

        fn object(&self, holder: &str, object: &TypeTraitObject) {
            let names = |name: &str| has_bound(object, name);
            let closure = CLOSURES.into_iter().find(|name| names(name));
            match closure {
                Some("FnOnce") => {
                    self.report.at(object, "a callback may be called more than once; write `FnMut` or `Fn`")
                }
                Some(kind) => {
                    let needed = if kind == "Fn" { "Send + Sync" } else { "Send" };
                    if holder == "Arc" {
                        self.report.at(
                            object,
                            format!(
                                "a callback is owned by one side; write `Box<dyn {kind}(…) -> … + {needed}>`"
                            ),
                        );
                    } else if !names("Send") || (kind == "Fn" && !names("Sync")) {
                        self.report.at(object, format!("a callback is called from other threads; write `Box<dyn {kind}(…) -> … + {needed}>`"));
                    } else if self.wire.types.is_none() {
                        self.report.at(object, "a callback needs an interface for the wire; declare a trait with `#[ipc_interface(callback, …)]` and write `#[ipc(callback = ThatTrait)]` here");
                    }
                }
                None if bounds(object).count() > 1 => self.report.at(object, BOUNDS_ARE_DECLARED),
                None => {}
            }
        }
    }
    Search { wire, report }.visit_type(ty);
}

fn is_hidden_closure(hidden: &syn::TypeImplTrait) -> bool {
    hidden.bounds.iter().any(|bound| match bound {
        TypeParamBound::Trait(bound) => {
            bound.path.segments.last().is_some_and(|last| CLOSURES.iter().any(|name| last.ident == name))
        }
        _ => false,
    })
}

/// The most values that a tuple has on the wire.
const LONGEST_TUPLE: usize = 12;

const INTEGERS: &[(&str, i128, i128)] = &[
    ("i8", i8::MIN as i128, i8::MAX as i128),
    ("i16", i16::MIN as i128, i16::MAX as i128),
    ("i32", i32::MIN as i128, i32::MAX as i128),
    ("i64", i64::MIN as i128, i64::MAX as i128),
    ("isize", i64::MIN as i128, i64::MAX as i128),
    ("u8", 0, u8::MAX as i128),
    ("u16", 0, u16::MAX as i128),
    ("u32", 0, u32::MAX as i128),
    ("u64", 0, u64::MAX as i128),
    ("usize", 0, u64::MAX as i128),
];

fn is_number(ty: &Type) -> bool {
    word(ty).is_some_and(|name| {
        INTEGERS.iter().any(|(integer, ..)| name == integer)
            || ["bool", "char", "f32", "f64"].iter().any(|other| name == other)
    })
}

/// What to hold in place of a shared value.
fn owned(shared: &Type) -> Option<String> {
    match shared {
        Type::Slice(slice) => Some(format!("Vec<{}>", slice.elem.to_token_stream())),
        Type::Tuple(_) | Type::Array(_) => Some(shared.to_token_stream().to_string()),
        _ if word(shared).is_some_and(|name| name == "str" || name == "String") => Some("String".into()),
        _ if word(shared).is_some_and(|name| name == "Path" || name == "PathBuf") => Some("PathBuf".into()),
        _ if is_number(shared) => Some(shared.to_token_stream().to_string()),
        _ => ["Vec", "Option", "Box", "BTreeMap", "HashMap", "BTreeSet", "HashSet"]
            .into_iter()
            .any(|name| generic_arguments(shared, name).is_some())
            .then(|| {
                syn::spanned::Spanned::span(shared).source_text().unwrap_or_else(|| "the value itself".into())
            }),
    }
}

/// A default that is written as a literal fits a type that is written by its own name.
fn the_default_fits(wire: &Wire, ty: &Type, report: &Report) {
    let Some(default) = wire.default.as_ref().filter(|_| wire.with.is_none()) else { return };
    let (Some(lit), Some(name)) = (literal(default), word(ty)) else { return };
    let is_float = ["f32", "f64"].iter().any(|float| name == float);
    let is_text = name == "String" || name == "str";
    let is_other = is_number(ty);
    let wrong = match lit {
        _ if is_text => None,
        syn::Lit::Int(_) => Some(match INTEGERS.iter().find(|(integer, ..)| name == integer) {
            Some((_, min, max)) => !integer(default).is_some_and(|value| (*min..=*max).contains(&value)),
            None => is_other && !is_float,
        }),
        syn::Lit::Float(_) => Some(is_other && !is_float),
        syn::Lit::Bool(_) => Some(is_other && name != "bool"),
        _ => None,
    };
    let Some(wrong) = wrong else {
        report.at(
            default,
            "a schema default is a number or a bool; leave `default` out, and set the value where it is used",
        );
        return;
    };
    if wrong {
        report
            .at(default, format!("this is no `{name}`; write a default that is one, or leave `default` out"));
    }
}

/// The number of an enumerant fits the integer that travels.
pub(super) fn discriminant_fits(at: impl ToTokens, value: i128, travels: &str, report: &Report) {
    let Some((_, min, max)) = INTEGERS.iter().find(|(name, ..)| *name == travels) else { return };
    if !(*min..=*max).contains(&value) {
        let wider = if value < 0 {
            "Int64"
        } else if u32::try_from(value).is_ok() {
            "UInt32"
        } else {
            "UInt64"
        };
        report.at(at, format!("the enum travels as `{travels}`, which does not hold this; write `#[ipc(wire = {wider})]` on it"));
    }
}

/// A bare `dyn Trait` has no size.
pub(super) fn not_a_bare_object(ty: &Type, report: &Report) -> bool {
    let bare = matches!(ty, Type::TraitObject(_));
    if bare {
        report.at(
            ty,
            format!(
                "`{}` has no size; write `Box<dyn …>` to give an object away or `Arc<dyn …>` to share it",
                ty.to_token_stream()
            ),
        );
    }
    bare
}
