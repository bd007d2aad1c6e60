//! The table of the options that a program knows.
//!
//! In: names, forms and help texts, mostly constants. Out: look-ups and the nearest known name.

/// What the value of an option looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Form {
    /// Yes or no: nothing or another number than 0 is yes, 0 is no.
    Flag,
    /// A whole number.
    Int,
    /// Any text.
    Text,
    /// A path of a file or directory.
    Path,
    /// An amount of bitcoin, or for a fee rate that for 1000 virtual bytes.
    Amount,
}

/// Under which heading the help text shows an option, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Category {
    /// What belongs nowhere else.
    General,
    /// Connections to other nodes.
    Connection,
    /// The wallet.
    Wallet,
    /// Logs and tests.
    Debugging,
    /// The choice of a network.
    Network,
    /// What a node relays.
    Relay,
    /// Making blocks.
    BlockCreation,
    /// The RPC server.
    Rpc,
    /// Calls between processes.
    Ipc,
}

impl Category {
    /// The heading.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Category::General => "Options",
            Category::Connection => "Connection options",
            Category::Wallet => "Wallet options",
            Category::Debugging => "Debugging/Testing options",
            Category::Network => "Chain selection options",
            Category::Relay => "Node relay options",
            Category::BlockCreation => "Block creation options",
            Category::Rpc => "RPC server options",
            Category::Ipc => "IPC interprocess connection options",
        }
    }
}

/// One option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OptionInfo {
    pub(crate) name: &'static str,
    pub(crate) form: Form,
    pub(crate) category: Category,
    pub(crate) help: &'static str,
    pub(crate) value: &'static str,
    pub(crate) network_only: bool,
    pub(crate) negatable: bool,
    pub(crate) needs_value: bool,
    pub(crate) hidden: bool,
    pub(crate) debug_only: bool,
}

impl OptionInfo {
    /// An option `-name` with its help text.
    #[must_use]
    pub const fn new(name: &'static str, form: Form, category: Category, help: &'static str) -> Self {
        OptionInfo {
            name,
            form,
            category,
            help,
            value: "",
            network_only: false,
            negatable: true,
            needs_value: matches!(form, Form::Int),
            hidden: false,
            debug_only: false,
        }
    }

    /// What the help text shows for the value, as `<dir>`.
    #[must_use]
    pub const fn value(mut self, value: &'static str) -> Self {
        self.value = value;
        self
    }

    /// For one network only: outside mainnet the default section of the configuration does not count.
    #[must_use]
    pub const fn network_only(mut self) -> Self {
        self.network_only = true;
        self
    }

    /// `-noname` is an error.
    #[must_use]
    pub const fn not_negatable(mut self) -> Self {
        self.negatable = false;
        self
    }

    /// `-name` without a value is an error. That is so for numbers without this.
    #[must_use]
    pub const fn needs_value(mut self) -> Self {
        self.needs_value = true;
        self
    }

    /// The help text shows it only with `-help-debug`.
    #[must_use]
    pub const fn debug_only(mut self) -> Self {
        self.debug_only = true;
        self
    }

    /// No help text shows it.
    #[must_use]
    pub const fn hidden(mut self) -> Self {
        self.hidden = true;
        self
    }

    /// Its name without a dash.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Its help text.
    #[must_use]
    pub const fn help(&self) -> &'static str {
        self.help
    }
}

/// A program and the options that it knows.
#[derive(Clone, Debug)]
pub struct Program {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    pub(crate) about: &'static str,
    pub(crate) positional: Option<&'static str>,
    pub(crate) options: Vec<OptionInfo>,
}

impl Program {
    /// A program without options of its own: its name, its version and a sentence about it.
    #[must_use]
    pub fn new(name: &'static str, version: &'static str, about: &'static str) -> Self {
        Program { name, version, about, positional: None, options: Vec::new() }
    }

    /// Adds options. A name that is there already keeps its place and takes the new meaning.
    #[must_use]
    pub fn options(mut self, options: &[OptionInfo]) -> Self {
        for option in options {
            match self.options.iter_mut().find(|known| known.name == option.name) {
                Some(known) => *known = *option,
                None => self.options.push(*option),
            }
        }
        self
    }

    /// Lets arguments follow the options; the help text shows them as `shown`, such as `<command>`.
    #[must_use]
    pub fn positional(mut self, shown: &'static str) -> Self {
        self.positional = Some(shown);
        self
    }

    /// The program's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The option of this name, without dash.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&OptionInfo> {
        self.options.iter().find(|option| option.name == name)
    }

    /// The known option whose name is nearest to this one, if one is near at all.
    #[must_use]
    pub fn nearest(&self, name: &str) -> Option<&'static str> {
        let near = |known: &str| strsim::damerau_levenshtein(known, name);
        let shown = self.options.iter().filter(|option| !option.hidden);
        let (distance, option) = shown.map(|option| (near(option.name), option)).min_by_key(|pair| pair.0)?;
        (distance <= 1 + option.name.len() / 4).then_some(option.name)
    }
}
