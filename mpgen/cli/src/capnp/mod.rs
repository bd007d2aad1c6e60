//! Reading schema text.
//!
//! In: the text of a `.capnp` file. Out: what it declares, with the line of each thing, its comment and its annotations.

mod parser;
mod tokens;

use std::fmt;

use parser::Parser;

/// A schema file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct File {
    pub(crate) id: String,
    pub(crate) declarations: Vec<Declaration>,
    pub(crate) annotations: Vec<Annotation>,
    /// The files that it names, from the root of the imports on.
    pub(crate) imports: Vec<String>,
}

/// A name with the file that it is of, unless that is this one, and what stands in its brackets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Type {
    pub(crate) name: String,
    pub(crate) arguments: Vec<Type>,
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arguments: Vec<String> = self.arguments.iter().map(ToString::to_string).collect();
        match arguments.as_slice() {
            [] => f.write_str(&self.name),
            arguments => write!(f, "{}({})", self.name, arguments.join(", ")),
        }
    }
}

/// `$Proxy.name("a")`, with the file that its name is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Annotation {
    pub(crate) name: String,
    pub(crate) value: String,
}

/// A type, or a constant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Declaration {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) id: Option<String>,
    pub(crate) parameters: Vec<String>,
    pub(crate) kind: Kind,
    pub(crate) docs: Vec<String>,
    pub(crate) annotations: Vec<Annotation>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Interface {
        extends: Vec<Type>,
        methods: Vec<Method>,
    },
    Struct(Vec<Field>),
    Enum(Vec<Field>),
    Constant(Type, String),
    /// An annotation.
    Other,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Method {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) ordinal: u32,
    pub(crate) params: Vec<Field>,
    pub(crate) results: Vec<Field>,
    pub(crate) docs: Vec<String>,
    pub(crate) annotations: Vec<Annotation>,
}

/// A field, a parameter, a result or an enumerant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) ordinal: u32,
    pub(crate) ty: Type,
    /// The default, with the value of a constant in place of its name.
    pub(crate) default: String,
    /// The unions and groups around it.
    pub(crate) place: String,
    pub(crate) docs: Vec<String>,
    pub(crate) annotations: Vec<Annotation>,
}

/// What the text does not follow, and where.
pub(crate) type Error = (usize, String);

/// Reads a file. `path` is that of the file, from the root of the imports on.
pub(crate) fn parse(path: &str, text: &str) -> Result<File, Error> {
    let mut file = Parser::new(path, text)?.file()?;
    resolve(&mut file.declarations);
    Ok(file)
}

/// Puts the values of constants in place of their names, and each number in one form.
fn resolve(declarations: &mut [Declaration]) {
    let mut constants: Vec<(String, String)> = Vec::new();
    for one in declarations.iter_mut() {
        if let Kind::Constant(ty, value) = &mut one.kind {
            *value = number(ty, value);
            constants.push((one.name.clone(), value.clone()));
        }
    }
    let resolved = |field: &mut Field| {
        let name = field.default.trim_start_matches('.');
        let known = constants.iter().find(|(known, _)| known == name).map(|(_, value)| value);
        field.default = number(&field.ty, known.unwrap_or(&field.default));
    };
    for declaration in declarations {
        match &mut declaration.kind {
            Kind::Interface { methods, .. } => methods
                .iter_mut()
                .flat_map(|method| method.params.iter_mut().chain(&mut method.results))
                .for_each(resolved),
            Kind::Struct(fields) => fields.iter_mut().for_each(resolved),
            _ => {}
        }
    }
}

/// A number in the form in which each has one; anything else as it is.
fn number(ty: &Type, value: &str) -> String {
    let float = value.parse::<f64>().ok().filter(|_| ty.name.starts_with("Float"));
    let hex = value.strip_prefix("0x").and_then(|digits| u64::from_str_radix(digits, 16).ok());
    match (float, hex) {
        (Some(float), _) => format!("{float:?}"),
        (None, Some(hex)) => hex.to_string(),
        (None, None) => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, parse};

    const TEXT: &str = r#"# A comment; with { marks.
@0xf00df00df00df00d;
using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("a::b");
using Common = import "common.capnp";
using Pair = import "/far/pair.capnp".Pair;
const most :UInt32 = 5;
interface Shop @0xf00df00df00df00e extends(Common.Base) $Proxy.wrap("a;b{") {
  destroy @0 (context :Proxy.Context) -> ();
  price @1 (of :Text = "a, b", n :Float64 = -1.5e3, all :List(Pair(Text, Common.Item))) -> (result :Int64, hasResult :Bool) $Proxy.name("x");
  struct Inside { a @0 :Bool; }
  old @2 Common.Params -> Common.Results;
}
struct Box(T) {
  union @3 :Bool;
  union { a @0 :T; b :group { c @1 :UInt8 = 0x10; } }
  named :union { d @2 :Void; e @4 :List(Common.Item) = [(a = 1), (a = 2)]; }
}
enum Size { small @0; large @1 $Proxy.name("LARGE"); }
"#;

    #[test]
    fn everything_has_its_line_and_its_place() {
        let file = parse("here/shop.capnp", TEXT).expect("a file");
        assert_eq!(file.id, "0xf00df00df00df00d");
        let names: Vec<_> = file.declarations.iter().map(|one| (one.name.as_str(), one.line)).collect();
        assert_eq!(names, [("most", 7), ("Shop", 8), ("Shop.Inside", 11), ("Box", 14), ("Size", 19)]);
        let Kind::Interface { extends, methods } = &file.declarations[1].kind else { panic!("an interface") };
        assert_eq!(extends[0].to_string(), "here/common.capnp:Base");
        let price = &methods[1];
        assert_eq!((price.name.as_str(), price.ordinal, price.line), ("price", 1, 10));
        let params: Vec<_> =
            price.params.iter().map(|one| (one.ty.to_string(), one.default.as_str())).collect();
        let list = "List(far/pair.capnp:Pair(Text, here/common.capnp:Item))";
        let expected = [("Text", "\"a, b\""), ("Float64", "-1500.0"), (list, "")];
        assert_eq!(params, expected.map(|(ty, default)| (ty.to_owned(), default)));
        assert_eq!(methods[2].params[0].ty.name, "here/common.capnp:Params");
        let Kind::Struct(fields) = &file.declarations[3].kind else { panic!("a struct") };
        let fields: Vec<_> =
            fields.iter().map(|one| (one.place.as_str(), one.name.as_str(), one.ordinal)).collect();
        let expected = [
            ("", "union", 3),
            ("union.", "a", 0),
            ("union.b.", "c", 1),
            ("named.union.", "d", 2),
            ("named.union.", "e", 4),
        ];
        assert_eq!(fields, expected);
    }

    #[test]
    fn comments_and_annotations_belong_to_what_they_follow() {
        let text = r#"
using Proxy = import "/mp/proxy.capnp";
# Not of anything.
interface Shop $Proxy.wrap("A<b>") { # Sells.
  # Also on Sundays.

  # Of nothing.
  price @0 () -> (result :Int64 $Proxy.exception("E")) $Proxy.name("cost");
  # What it
  #
  #  costs.
}
const most :UInt32 = 5; # The most.
struct Item {
  a @0 :UInt32 = .most $Proxy.name("a_");
  b @1 :UInt8 = 0x10;
}
"#;
        let file = parse("shop.capnp", text).expect("a file");
        let [shop, most, item] = file.declarations.as_slice() else { panic!("{file:?}") };
        assert_eq!(
            (shop.docs.join("|"), most.docs.join("|")),
            ("Sells.|Also on Sundays.".into(), "The most.".into())
        );
        let said = |annotations: &[super::Annotation]| -> Vec<String> {
            annotations.iter().map(|one| format!("{} {}", one.name, one.value)).collect()
        };
        assert_eq!(said(&shop.annotations), ["mp/proxy.capnp:wrap \"A<b>\""]);
        let Kind::Interface { methods, .. } = &shop.kind else { panic!("{shop:?}") };
        assert_eq!(methods[0].docs, ["What it", "", " costs."]);
        assert_eq!(said(&methods[0].annotations), ["mp/proxy.capnp:name \"cost\""]);
        assert_eq!(said(&methods[0].results[0].annotations), ["mp/proxy.capnp:exception \"E\""]);
        let Kind::Struct(fields) = &item.kind else { panic!("{item:?}") };
        assert_eq!([&fields[0].default, &fields[1].default], ["5", "16"]);
        assert_eq!(said(&fields[0].annotations), ["mp/proxy.capnp:name \"a_\""]);
        assert_eq!(file.imports, ["mp/proxy.capnp"]);
    }

    #[test]
    fn mistakes_have_a_line() {
        assert_eq!(parse("a", "struct A {\n  a @x :Bool;\n}").unwrap_err().0, 2);
        assert_eq!(parse("a", "interface A {\n  a @0 (").unwrap_err().0, 2);
        assert!(parse("a", "nothing A;").unwrap_err().1.contains("`nothing` begins no declaration"));
    }
}
