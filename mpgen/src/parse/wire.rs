//! The words that say what the wire shows of a value.

use syn::{Expr, Type};

use crate::model::{Optional, Wire};
use crate::report::Report;
use crate::words::{Value, Words};

/// Reads the words that parameters, results and fields have in common. `name` is the wire name
/// unless another is given.
pub(super) fn wire(words: &mut Words<'_>, name: String, docs: String, report: &Report) -> Wire {
    let optional = words.take("optional").and_then(|word| match &word.value {
        Value::Expr(Expr::Path(path)) if path.path.is_ident("flag") => Some(Optional::Flag),
        Value::Expr(Expr::Path(path)) if path.path.is_ident("null") => Some(Optional::Null),
        _ => {
            report.at(&word.name, "`optional` is `flag` or `null`: write `optional = flag` for a `hasX` beside the value, `optional = null` for a null pointer");
            None
        }
    });
    let callback = words.ty("callback").map(closure_set);
    let types = words.ty("types");
    if let (Some(_), Some(types)) = (&callback, &types) {
        report.at(types, "the trait that `callback` names is the conversion set; leave `types` out");
    }
    Wire {
        name: words.text("name").unwrap_or(name),
        docs,
        ordinal: words.number("ordinal"),
        has_ordinal: words.number("has_ordinal"),
        default: words.expr("default"),
        optional,
        with: words.path("with"),
        closure: callback.is_some(),
        types: callback.or(types),
        secret: words.flag("secret").is_some(),
        cxx_name: words.text("cxx_name"),
        exception: words.text("exception"),
    }
}

/// The conversion set of a callback's trait: `dyn Trait`.
fn closure_set(ty: Type) -> Type {
    match ty {
        Type::Path(path) => syn::parse_quote_spanned!(crate::syntax::ends(&path).0=> dyn #path),
        other => other,
    }
}
