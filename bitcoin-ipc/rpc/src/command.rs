//! Commands: what they are called, what they take, and what runs them.
//!
//! In: declarations. Out: [`Command`]s, and what their arguments are called.

use serde_json::{Value, json};

use crate::conversion::Table;

/// The type of an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    Text,
    /// Bytes or a hash in hex digits.
    Hex,
    /// A number.
    Number,
    /// A truth value.
    Bool,
    /// An amount or a fee rate, as a number or a text.
    Amount,
    /// A number, or two as the ends of a range.
    Range,
    /// A list.
    List,
    /// An object.
    Object,
    /// Checked by the command itself.
    Any,
}

impl Kind {
    /// Whether a command line gives it as it is.
    #[must_use]
    pub fn is_text(self) -> bool {
        matches!(self, Kind::Text | Kind::Hex)
    }

    /// What JSON must have; `None` if several types will do.
    pub(crate) fn expected(self) -> Option<&'static str> {
        match self {
            Kind::Text | Kind::Hex => Some("string"),
            Kind::Number => Some("number"),
            Kind::Bool => Some("bool"),
            Kind::List => Some("array"),
            Kind::Object => Some("object"),
            Kind::Amount | Kind::Range | Kind::Any => None,
        }
    }
}

/// An argument of a command.
#[derive(Clone, Copy, Debug)]
pub struct Arg {
    /// Its name, with other names after bars.
    pub names: &'static str,
    /// Its type.
    pub kind: Kind,
    /// What it is, in a sentence.
    pub about: &'static str,
    /// Whether it can be left out.
    pub optional: bool,
    /// What it is if it is left out.
    pub default: Option<&'static str>,
    /// How the help writes a list or an object.
    pub shape: &'static str,
    /// Whether the help leaves it out.
    pub hidden: bool,
    /// Fields of this object that may be given by name as if they were arguments.
    pub fields: &'static [&'static str],
    /// Where it holds outputs of a transaction, which may not be given twice.
    pub outputs: Outputs,
}

/// Where an argument holds outputs of a transaction: as names of fields, which are addresses. Elsewhere the
/// first of several fields of one name is the one that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outputs {
    /// Nowhere.
    No,
    /// It is outputs.
    All,
    /// A field of it is.
    Field(&'static str),
}

/// Declares an argument that has to be given.
#[must_use]
pub const fn arg(names: &'static str, kind: Kind, about: &'static str) -> Arg {
    Arg {
        names,
        kind,
        about,
        optional: false,
        default: None,
        shape: "",
        hidden: false,
        fields: &[],
        outputs: Outputs::No,
    }
}

impl Arg {
    /// May be left out.
    #[must_use]
    pub const fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// May be left out, and what it is then.
    #[must_use]
    pub const fn default(mut self, default: &'static str) -> Self {
        self.default = Some(default);
        self.optional()
    }

    /// How the help writes it.
    #[must_use]
    pub const fn shape(mut self, shape: &'static str) -> Self {
        self.shape = shape;
        self
    }

    /// May be left out, and the help does.
    #[must_use]
    pub const fn hidden(mut self) -> Self {
        self.hidden = true;
        self.optional()
    }

    /// Fields that may be given as if they were arguments.
    #[must_use]
    pub const fn fields(mut self, fields: &'static [&'static str]) -> Self {
        self.fields = fields;
        self
    }

    /// Is outputs of a transaction.
    #[must_use]
    pub const fn outputs(mut self) -> Self {
        self.outputs = Outputs::All;
        self
    }

    /// Has a field that is outputs of a transaction.
    #[must_use]
    pub const fn outputs_in(mut self, field: &'static str) -> Self {
        self.outputs = Outputs::Field(field);
        self
    }

    /// The name that the help uses.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.names.split('|').next().unwrap_or(self.names)
    }
}

/// A command, and what runs it.
#[derive(Clone, Copy, Debug)]
pub struct Command<R> {
    /// Where the help lists it.
    pub category: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What it does, in a sentence or two.
    pub about: &'static str,
    /// What it takes.
    pub args: &'static [Arg],
    /// What runs it.
    pub run: R,
}

impl<R: Copy> Command<R> {
    /// Declares a command without arguments.
    #[must_use]
    pub const fn new(category: &'static str, name: &'static str, about: &'static str, run: R) -> Self {
        Command { category, name, about, args: &[], run }
    }

    /// What it takes.
    #[must_use]
    pub const fn args(mut self, args: &'static [Arg]) -> Self {
        self.args = args;
        self
    }

    /// Names of the arguments, and whether one has no position, in the order in which positions are
    /// filled.
    #[must_use]
    pub fn argument_names(&self) -> Vec<(String, bool)> {
        let mut names = Vec::new();
        for arg in self.args {
            names.extend(arg.fields.iter().map(|field| ((*field).to_owned(), true)));
            names.push((arg.names.to_owned(), false));
        }
        names
    }

    /// Which arguments are something else than texts: rows of command, position, name, and whether it is
    /// a text. What Bitcoin Core says of its own commands stands above what a kind does not tell, such as of a
    /// field of an object.
    #[must_use]
    pub fn conversions(&self) -> Vec<Value> {
        let mut rows = Vec::new();
        let mut row = |position: usize, name: &str, text: bool| {
            // Only the client of Bitcoin Core takes these for JSON.
            let text = self.name == "echojson" || Table::of_core().is_text(self.name, name).unwrap_or(text);
            rows.push(json!([self.name, position, name, text]));
        };
        for (position, arg) in self.args.iter().enumerate() {
            arg.names.split('|').for_each(|name| row(position, name, arg.kind.is_text()));
            arg.fields.iter().for_each(|field| row(position, field, false));
        }
        rows
    }
}
