//! Reading schema text.
//!
//! In: the text of a `.capnp` file. Out: what it declares, with the line of each thing, its comment and its annotations.

use std::fmt;
use std::iter::Peekable;
use std::vec::IntoIter;

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

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Mark(char),
    Arrow,
}

/// Reads a file. `path` is that of the file, from the root of the imports on.
pub(crate) fn parse(path: &str, text: &str) -> Result<File, Error> {
    let tokens = tokens(text)?;
    let lines = text.lines().map(str::trim).collect();
    let mut parser = Parser {
        tokens: tokens.into_iter().peekable(),
        line: 1,
        names: Vec::new(),
        path,
        lines,
        file: File::default(),
    };
    let mut declarations = Vec::new();
    while parser.peek().is_some() {
        if parser.takes('@') {
            parser.file.id = parser.word()?;
            parser.expect(';')?;
        } else {
            parser.declaration(&mut declarations, "")?;
        }
    }
    resolve(&mut declarations);
    Ok(File { declarations, ..parser.file })
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

fn tokens(text: &str) -> Result<Vec<(usize, Token)>, Error> {
    let mut tokens = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        let mut rest = line;
        while let Some(first) = rest.chars().next() {
            let (token, length) = if first == '#' {
                break;
            } else if first.is_whitespace() {
                rest = &rest[first.len_utf8()..];
                continue;
            } else if first == '"' {
                let mut escaped = false;
                let end = rest[1..].find(|letter| {
                    let ends = letter == '"' && !escaped;
                    escaped = letter == '\\' && !escaped;
                    ends
                });
                let end = end.ok_or((number, "a text does not end".to_owned()))?;
                (Token::Text(rest[1..=end].to_owned()), end + 2)
            } else if rest.starts_with("->") {
                (Token::Arrow, 2)
            } else {
                let belongs = |letter: char| letter.is_alphanumeric() || letter == '_';
                // A number may have a point, a sign and an exponent; a name of several parts has points too.
                let length = rest.find(|letter| !belongs(letter) && letter != '.').unwrap_or(rest.len());
                match length {
                    0 => (Token::Mark(first), first.len_utf8()),
                    length => (Token::Word(rest[..length].to_owned()), length),
                }
            };
            tokens.push((number, token));
            rest = &rest[length..];
        }
    }
    Ok(tokens)
}

struct Parser<'p> {
    tokens: Peekable<IntoIter<(usize, Token)>>,
    /// The line of the last token that was taken.
    line: usize,
    /// What the file calls other files, and their paths.
    names: Vec<(String, String)>,
    path: &'p str,
    lines: Vec<&'p str>,
    file: File,
}

impl Parser<'_> {
    fn peek(&mut self) -> Option<&Token> {
        self.tokens.peek().map(|(_, token)| token)
    }

    fn next(&mut self) -> Result<Token, Error> {
        let (line, token) = self.tokens.next().ok_or((self.line, "the text ends too early".to_owned()))?;
        self.line = line;
        Ok(token)
    }

    fn takes(&mut self, mark: char) -> bool {
        let found = self.peek() == Some(&Token::Mark(mark));
        if found {
            // It has just been seen.
            let _ = self.next();
        }
        found
    }

    fn expect(&mut self, mark: char) -> Result<(), Error> {
        if self.takes(mark) { Ok(()) } else { Err(self.wrong(&format!("`{mark}` is missing"))) }
    }

    fn wrong(&mut self, what: &str) -> Error {
        let line = self.tokens.peek().map_or(self.line, |(line, _)| *line);
        (line, format!("{what}, before {:?}", self.peek()))
    }

    fn word(&mut self) -> Result<String, Error> {
        match self.next()? {
            Token::Word(word) => Ok(word),
            other => Err((self.line, format!("a name is missing, before {other:?}"))),
        }
    }

    fn number(&mut self) -> Result<u32, Error> {
        self.expect('@')?;
        let word = self.word()?;
        word.parse().map_err(|_| (self.line, format!("`@{word}` is no ordinal")))
    }

    /// One declaration, those inside it too, with what stands around it in their names.
    fn declaration(&mut self, into: &mut Vec<Declaration>, around: &str) -> Result<(), Error> {
        if self.takes('$') {
            let annotation = self.annotation()?;
            self.file.annotations.push(annotation);
            return self.expect(';');
        }
        let keyword = self.word()?;
        match keyword.as_str() {
            "using" => self.using(),
            "struct" | "interface" | "enum" => self.ty_declaration(&keyword, into, around),
            "const" | "annotation" => {
                let name = format!("{around}{}", self.word()?);
                let line = self.line;
                let kind = if keyword == "const" {
                    self.expect(':')?;
                    let ty = self.ty()?;
                    self.expect('=')?;
                    Kind::Constant(ty, self.skip(&[';', '$'])?)
                } else {
                    self.skip(&[';'])?;
                    Kind::Other
                };
                let annotations = self.annotations()?;
                self.expect(';')?;
                let docs = self.docs();
                into.push(Declaration {
                    name,
                    line,
                    id: None,
                    parameters: Vec::new(),
                    kind,
                    docs,
                    annotations,
                });
                Ok(())
            }
            other => Err((self.line, format!("`{other}` begins no declaration"))),
        }
    }

    fn using(&mut self) -> Result<(), Error> {
        let name = self.word()?;
        if self.takes('=') && self.peek() == Some(&Token::Word("import".into())) {
            self.next()?;
            if let Token::Text(path) = self.next()? {
                let folder = self.path.rsplit_once('/').map(|(folder, _)| folder).unwrap_or_default();
                let path = match path.strip_prefix('/') {
                    Some(path) => path.to_owned(),
                    None if folder.is_empty() => path,
                    None => format!("{folder}/{path}"),
                };
                let rest: String = self.skip(&[';'])?;
                self.file.imports.push(path.clone());
                self.names.push((name, format!("{path}:{}", rest.trim_start_matches('.'))));
            }
        }
        self.skip(&[';'])?;
        self.expect(';')
    }

    fn ty_declaration(
        &mut self,
        keyword: &str,
        into: &mut Vec<Declaration>,
        around: &str,
    ) -> Result<(), Error> {
        let name = format!("{around}{}", self.word()?);
        let line = self.line;
        let id = if self.takes('@') { Some(self.word()?) } else { None };
        let mut parameters = Vec::new();
        if self.takes('(') {
            while !self.takes(')') {
                parameters.push(self.word()?);
                self.takes(',');
            }
        }
        let mut extends = Vec::new();
        if self.peek() == Some(&Token::Word("extends".into())) {
            self.next()?;
            self.expect('(')?;
            while !self.takes(')') {
                extends.push(self.ty()?);
                self.takes(',');
            }
        }
        let annotations = self.annotations()?;
        self.expect('{')?;
        let docs = self.docs();
        let place = into.len();
        into.push(Declaration {
            name: name.clone(),
            line,
            id,
            parameters,
            kind: Kind::Other,
            docs,
            annotations,
        });
        let inside = format!("{name}.");
        into[place].kind = match keyword {
            "struct" => {
                let mut fields = Vec::new();
                self.fields("", &mut fields, into, &inside)?;
                Kind::Struct(fields)
            }
            "enum" => Kind::Enum(self.enumerants()?),
            _ => Kind::Interface { extends, methods: self.methods(into, &inside)? },
        };
        Ok(())
    }

    fn enumerants(&mut self) -> Result<Vec<Field>, Error> {
        let mut found = Vec::new();
        while !self.takes('}') {
            let (name, line) = (self.word()?, self.line);
            let ordinal = self.number()?;
            let annotations = self.annotations()?;
            self.expect(';')?;
            let docs = self.docs();
            found.push(Field { name, line, ordinal, docs, annotations, ..Field::default() });
        }
        Ok(found)
    }

    fn methods(&mut self, into: &mut Vec<Declaration>, around: &str) -> Result<Vec<Method>, Error> {
        let mut found = Vec::new();
        while !self.takes('}') {
            if self.is_nested() {
                self.declaration(into, around)?;
                continue;
            }
            let (name, line) = (self.word()?, self.line);
            let ordinal = self.number()?;
            let params = self.values()?;
            let results = if self.peek() == Some(&Token::Arrow) {
                self.next()?;
                self.values()?
            } else {
                Vec::new()
            };
            let annotations = self.annotations()?;
            self.expect(';')?;
            let docs = self.docs();
            found.push(Method { name, line, ordinal, params, results, docs, annotations });
        }
        Ok(found)
    }

    /// Parameters or results, or the struct that has them as its fields.
    fn values(&mut self) -> Result<Vec<Field>, Error> {
        if !self.takes('(') {
            let ty = self.ty()?;
            return Ok(vec![Field { line: self.line, ty, ..Field::default() }]);
        }
        let mut found = Vec::new();
        while !self.takes(')') {
            let (name, line) = (self.word()?, self.line);
            self.expect(':')?;
            let ty = self.ty()?;
            let default = self.default()?;
            let annotations = self.annotations()?;
            let ordinal = u32::try_from(found.len()).unwrap_or(u32::MAX);
            found.push(Field { name, line, ordinal, ty, default, annotations, ..Field::default() });
            self.takes(',');
        }
        Ok(found)
    }

    fn fields(
        &mut self,
        place: &str,
        fields: &mut Vec<Field>,
        into: &mut Vec<Declaration>,
        around: &str,
    ) -> Result<(), Error> {
        while !self.takes('}') {
            if self.is_nested() {
                self.declaration(into, around)?;
                continue;
            }
            let (name, line) = (self.word()?, self.line);
            let ordinal = if self.peek() == Some(&Token::Mark('@')) { Some(self.number()?) } else { None };
            if name == "union" && self.takes('{') {
                self.fields(&format!("{place}union."), fields, into, around)?;
                continue;
            }
            self.expect(':')?;
            let ty = self.ty()?;
            if (ty.name == "union" || ty.name == "group") && ordinal.is_none() {
                self.annotations()?;
                self.expect('{')?;
                self.fields(&format!("{place}{name}."), fields, into, around)?;
                continue;
            }
            let default = self.default()?;
            let annotations = self.annotations()?;
            self.expect(';')?;
            let ordinal = ordinal.ok_or((line, format!("`{name}` has no ordinal")))?;
            let docs = self.docs();
            fields.push(Field {
                name,
                line,
                ordinal,
                ty,
                default,
                place: place.to_owned(),
                docs,
                annotations,
            });
        }
        Ok(())
    }

    /// Whether a declaration follows, and no member whose name begins one.
    fn is_nested(&mut self) -> bool {
        let Some(Token::Word(word)) = self.peek() else { return self.peek() == Some(&Token::Mark('$')) };
        if !["struct", "interface", "enum", "const", "annotation", "using"].contains(&word.as_str()) {
            return false;
        }
        let mut ahead = self.tokens.clone();
        ahead.next();
        matches!(ahead.next(), Some((_, Token::Word(_))))
    }

    fn default(&mut self) -> Result<String, Error> {
        if self.takes('=') { self.skip(&[',', ')', ';', '$']) } else { Ok(String::new()) }
    }

    fn annotations(&mut self) -> Result<Vec<Annotation>, Error> {
        let mut found = Vec::new();
        while self.takes('$') {
            found.push(self.annotation()?);
        }
        Ok(found)
    }

    fn annotation(&mut self) -> Result<Annotation, Error> {
        let word = self.word()?;
        let mut value = String::new();
        if self.takes('(') {
            value = self.skip(&[')'])?;
            self.expect(')')?;
        }
        Ok(Annotation { name: self.known(&word), value })
    }

    fn ty(&mut self) -> Result<Type, Error> {
        self.takes('.');
        let word = self.word()?;
        let mut ty = Type { name: self.known(&word), arguments: Vec::new() };
        if self.takes('(') {
            while !self.takes(')') {
                ty.arguments.push(self.ty()?);
                self.takes(',');
            }
        }
        Ok(ty)
    }

    /// A name with the file that it is of, in place of what this file calls that one.
    fn known(&self, word: &str) -> String {
        let (first, rest) = word.split_once('.').unwrap_or((word, ""));
        let known = self.names.iter().find(|(name, _)| name == first);
        known.map_or_else(|| word.to_owned(), |(_, file)| format!("{file}{rest}"))
    }

    /// The comment of what was just read: behind it, or in the lines below it without an empty one between.
    fn docs(&self) -> Vec<String> {
        let text = |comment: &str| comment.strip_prefix(' ').unwrap_or(comment).to_owned();
        let behind = self.lines.get(self.line - 1).and_then(|line| {
            let end = line.rfind([';', '{'])?;
            line[end + 1..].trim_start().strip_prefix('#')
        });
        let below = self.lines.iter().skip(self.line).map_while(|line| line.strip_prefix('#'));
        behind.into_iter().chain(below).map(text).collect()
    }

    /// Everything up to one of these marks that stands outside of brackets, as text.
    fn skip(&mut self, until: &[char]) -> Result<String, Error> {
        let (mut text, mut depth) = (String::new(), 0usize);
        loop {
            match self.peek() {
                Some(Token::Mark(mark)) if depth == 0 && until.contains(mark) => return Ok(text),
                None => return Err((self.line, "the text ends too early".to_owned())),
                _ => {}
            }
            match self.next()? {
                Token::Word(word) => text += &word,
                Token::Text(words) => text += &format!("\"{words}\""),
                Token::Arrow => text += "->",
                Token::Mark(mark) => {
                    match mark {
                        '(' | '[' => depth += 1,
                        ')' | ']' => depth = depth.saturating_sub(1),
                        _ => {}
                    }
                    text.push(mark);
                }
            }
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
            ("named.", "d", 2),
            ("named.", "e", 4),
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
