//! What stands in a schema text.
//!
//! In: its words. Out: its declarations, with what is inside of others under the names of both.

use std::iter::Peekable;
use std::vec::IntoIter;

use super::tokens::{Token, tokens};
use super::{Annotation, Declaration, Error, Field, File, Kind, Method, Type};

pub(super) struct Parser<'p> {
    tokens: Peekable<IntoIter<(usize, Token)>>,
    /// The line of the last token that was taken.
    line: usize,
    /// What the file calls other files, and their paths.
    names: Vec<(String, String)>,
    path: &'p str,
    lines: Vec<&'p str>,
    file: File,
}

impl<'p> Parser<'p> {
    pub(super) fn new(path: &'p str, text: &'p str) -> Result<Self, Error> {
        Ok(Parser {
            tokens: tokens(text)?.into_iter().peekable(),
            line: 1,
            names: Vec::new(),
            path,
            lines: text.lines().map(str::trim).collect(),
            file: File::default(),
        })
    }

    /// The whole file.
    pub(super) fn file(mut self) -> Result<File, Error> {
        let mut declarations = Vec::new();
        while self.peek().is_some() {
            if self.takes('@') {
                self.file.id = self.word()?;
                self.expect(';')?;
            } else {
                self.declaration(&mut declarations, "")?;
            }
        }
        Ok(File { declarations, ..self.file })
    }

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
                // A union with a name is a group that is one.
                let union = if ty.name == "union" { "union." } else { "" };
                self.fields(&format!("{place}{name}.{union}"), fields, into, around)?;
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
