//! Whether peers of an older schema still understand a newer one.
//!
//! In: two schema files of one path. Out: every change that one of them would misunderstand, at the line that made it, and
//! how many changes are safe.

use crate::capnp::{Declaration, Field, File, Kind, Method};

/// What changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    pub(crate) breaking: Vec<Breaking>,
    /// New methods, parameters, fields and types.
    pub(crate) additions: usize,
}

/// A change that breaks peers.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Breaking {
    /// The line of the newer file, or of the older one where it is gone.
    pub(crate) line: usize,
    pub(crate) gone: bool,
    pub(crate) text: String,
}

/// Compares two versions of a file.
pub(crate) fn changes(old: &File, new: &File) -> Changes {
    let mut changes = Changes::default();
    if old.id != new.id {
        changes.add(
            1,
            format!(
                "the id of the file was {} and is {}, and the ids of its types derive from it",
                old.id, new.id
            ),
        );
    }
    for was in &old.declarations {
        match new.declarations.iter().find(|is| is.name == was.name) {
            Some(is) => changes.declaration(was, is),
            None if matches!(was.kind, Kind::Other | Kind::Constant(..)) => {}
            None => changes.removed(was.line, format!("`{}` is gone", was.name)),
        }
    }
    let is_new = |is: &&Declaration| !old.declarations.iter().any(|was| was.name == is.name);
    changes.additions += new.declarations.iter().filter(is_new).count();
    changes
}

impl Changes {
    fn add(&mut self, line: usize, text: String) {
        self.breaking.push(Breaking { line, gone: false, text });
    }

    fn removed(&mut self, line: usize, text: String) {
        self.breaking.push(Breaking { line, gone: true, text });
    }

    fn declaration(&mut self, was: &Declaration, is: &Declaration) {
        let name = &is.name;
        if was.id != is.id {
            let id =
                |id: &Option<String>| id.clone().unwrap_or_else(|| "one that derives from its name".into());
            self.add(is.line, format!("the id of `{name}` was {} and is {}", id(&was.id), id(&is.id)));
        }
        if was.parameters.len() != is.parameters.len() {
            self.add(is.line, format!("`{name}` has other type parameters than it had"));
        }
        match (&was.kind, &is.kind) {
            (Kind::Interface { extends, methods }, Kind::Interface { extends: bases, methods: now }) => {
                for base in extends.iter().filter(|base| !bases.contains(base)) {
                    self.add(is.line, format!("`{name}` does not extend `{base}` any more"));
                }
                self.additions += bases.iter().filter(|base| !extends.contains(base)).count();
                self.methods(name, methods, now);
            }
            (Kind::Struct(fields), Kind::Struct(now)) => {
                self.fields(&format!("`{name}`"), "field", fields, now, is.line)
            }
            (Kind::Enum(fields), Kind::Enum(now)) => {
                self.fields(&format!("`{name}`"), "enumerant", fields, now, is.line)
            }
            // What is not on the wire; where a default uses a constant, its value counts.
            (Kind::Other | Kind::Constant(..), Kind::Other | Kind::Constant(..)) => {}
            _ => self.add(is.line, format!("`{name}` is of another kind than it was")),
        }
    }

    fn methods(&mut self, interface: &str, was: &[Method], is: &[Method]) {
        for old in was {
            let (name, ordinal) = (&old.name, old.ordinal);
            match is.iter().find(|new| new.name == *name) {
                Some(new) if new.ordinal == ordinal => {
                    let of = format!("`{interface}.{name}`");
                    self.fields(&of, "parameter", &old.params, &new.params, new.line);
                    self.fields(&of, "result", &old.results, &new.results, new.line);
                }
                Some(new) => {
                    self.add(new.line, format!("`{interface}.{name}` was @{ordinal} and is @{}", new.ordinal))
                }
                None => match is.iter().find(|new| new.ordinal == ordinal) {
                    Some(new) => self.add(
                        new.line,
                        format!("@{ordinal} of `{interface}` was `{name}` and is `{}`", new.name),
                    ),
                    None => self.removed(
                        old.line,
                        format!("`{interface}.{name}` @{ordinal} is gone; keep it with `#[ipc(deprecated)]`"),
                    ),
                },
            }
        }
        self.additions += is.iter().filter(|new| !was.iter().any(|old| old.name == new.name)).count();
    }

    /// Fields, parameters or enumerants. `line` is that of what holds them.
    fn fields(&mut self, of: &str, kind: &str, was: &[Field], is: &[Field], line: usize) {
        for old in was {
            let (name, ordinal) = (&old.name, old.ordinal);
            let Some(new) = is.iter().find(|new| new.name == *name && new.place == old.place) else {
                match is.iter().find(|new| new.ordinal == ordinal) {
                    Some(new) if new.name == *name => {
                        self.add(
                            new.line,
                            format!("the {kind} `{name}` of {of} moved into or out of a union or group"),
                        );
                    }
                    Some(new) => self.add(
                        new.line,
                        format!("the {kind} @{ordinal} of {of} was `{name}` and is `{}`", new.name),
                    ),
                    None if kind == "parameter" || kind == "result" => {
                        self.add(line, format!("the {kind} `{name}` of {of} is gone"));
                    }
                    None => self.removed(old.line, format!("the {kind} `{name}` of {of} is gone")),
                }
                continue;
            };
            if new.ordinal != ordinal {
                self.add(
                    new.line,
                    format!("the {kind} `{name}` of {of} was @{ordinal} and is @{}", new.ordinal),
                );
            }
            if new.ty != old.ty {
                self.add(new.line, format!("the {kind} `{name}` of {of} was :{} and is :{}", old.ty, new.ty));
            }
            if new.default != old.default {
                let value =
                    |default: &str| if default.is_empty() { "none".to_owned() } else { default.to_owned() };
                self.add(
                    new.line,
                    format!(
                        "the default of the {kind} `{name}` of {of} was {} and is {}",
                        value(&old.default),
                        value(&new.default)
                    ),
                );
            }
        }
        for new in
            is.iter().filter(|new| !was.iter().any(|old| old.name == new.name && old.place == new.place))
        {
            // A flag beside what was there without one: the older form would be read as none.
            let of_old = was.iter().find(|old| flag(&old.name) == new.name && old.place == new.place);
            match of_old {
                Some(old) => self.add(
                    new.line,
                    format!(
                        "the {kind} `{}` of {of} has a flag beside it, so that older peers seem to send none",
                        old.name
                    ),
                ),
                None => self.additions += 1,
            }
        }
    }
}

/// The name of the flag that says whether a value is there.
fn flag(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().fold("has".to_owned(), |flag, first| flag + &first.to_string()) + letters.as_str()
}

#[cfg(test)]
mod tests {
    use super::changes;
    use crate::capnp::parse;

    const OLD: &str = "@0xf00df00df00df00d;
interface Shop {
  destroy @0 () -> ();
  price @1 (of :Text, many :UInt32 = 1) -> (result :Int64);
  item @2 () -> (result :Item);
}
struct Item {
  name @0 :Text;
  union {
    weight @1 :UInt32;
    size @2 :Size;
  }
}
enum Size { small @0; large @1; }
";

    /// The changes from `OLD` to the same with `from` replaced.
    fn of(from: &str, to: &str) -> (Vec<(usize, String)>, usize) {
        assert!(OLD.contains(from), "{from}");
        let new = OLD.replacen(from, to, 1);
        let found = changes(&parse("a", OLD).expect("a file"), &parse("a", &new).expect("a file"));
        (found.breaking.into_iter().map(|one| (one.line, one.text)).collect(), found.additions)
    }

    #[track_caller]
    fn breaks(from: &str, to: &str, line: usize, text: &str) {
        let (found, _) = of(from, to);
        assert!(found.iter().any(|(at, said)| *at == line && said.contains(text)), "{found:?}");
    }

    #[test]
    fn what_is_only_added_is_safe() {
        for (from, to, count) in [
            ("(result :Item);", "(result :Item);\n  more @3 () -> ();", 1),
            ("many :UInt32 = 1)", "many :UInt32 = 1, colour :Text, hasColour :Bool)", 2),
            ("(result :Int64)", "(result :Int64, rest :Int64)", 1),
            ("  union {", "  colour @3 :Text;\n  union {", 1),
            ("    size @2 :Size;", "    size @2 :Size;\n    height @3 :UInt8;", 1),
            ("large @1;", "large @1; huge @2;", 1),
            ("enum Size", "struct New { a @0 :Bool; }\nenum Size", 1),
            ("interface Shop {", "interface Shop extends(Base) { # more", 1),
        ] {
            assert_eq!(of(from, to), (Vec::new(), count), "{to}");
        }
    }

    #[test]
    fn what_an_older_peer_would_misunderstand_is_found_at_its_line() {
        breaks("@0xf00df00df00df00d", "@0xf00df00df00df00e", 1, "the id of the file");
        breaks("interface Shop {", "interface Shop @0xf00df00df00df00f {", 2, "the id of `Shop`");
        breaks("interface Shop {", "interface Store {", 2, "`Shop` is gone");
        breaks(
            "destroy @0 () -> ();",
            "destroy @1 () -> ();\n  new @0 () -> ();",
            3,
            "`Shop.destroy` was @0 and is @1",
        );
        breaks("price @1", "cost @1", 4, "@1 of `Shop` was `price` and is `cost`");
        breaks("  item @2 () -> (result :Item);\n", "", 5, "`Shop.item` @2 is gone");
        breaks(
            "of :Text, many :UInt32 = 1",
            "many :UInt32 = 1, of :Text",
            4,
            "parameter `of` of `Shop.price` was @0 and is @1",
        );
        breaks("of :Text, ", "", 4, "parameter @0 of `Shop.price` was `of` and is `many`");
        breaks("of :Text", "of :Data", 4, "was :Text and is :Data");
        breaks("many :UInt32 = 1", "many :UInt32 = 2", 4, "was 1 and is 2");
        breaks("many :UInt32 = 1", "many :UInt32", 4, "was 1 and is none");
        breaks("(result :Int64)", "()", 4, "the result `result` of `Shop.price` is gone");
        breaks("(result :Int64)", "(result :Int64, hasResult :Bool)", 4, "has a flag beside it");
        breaks("(result :Item)", "(result :Other)", 5, "was :Item and is :Other");
        breaks("  name @0 :Text;\n", "", 8, "the field `name` of `Item` is gone");
        breaks("name @0 :Text;", "title @0 :Text;", 8, "the field @0 of `Item` was `name` and is `title`");
        breaks(
            "    weight @1 :UInt32;\n",
            "  } weight @1 :UInt32; union {\n",
            10,
            "moved into or out of a union",
        );
        breaks(
            "small @0; large @1;",
            "large @0; small @1;",
            14,
            "the enumerant `small` of `Size` was @0 and is @1",
        );
        breaks("enum Size { small @0; large @1; }", "struct Size { }", 14, "another kind");
    }
}
