//! Arguments to options.
//!
//! In: a program's table and its arguments, with the program's own path first. Out: what the user
//! wants.

use std::collections::BTreeMap;
use std::ffi::OsString;

use serde_json::Value;

use super::interpret::Refusal;
use super::{Program, interpret};
use crate::error::{Error, Result};

/// What a program was started for.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Invocation {
    /// A parent process spawned it (`-ipcfd N` and nothing else): serve on this descriptor, which
    /// `bitcoin_ipc`'s runtime takes over.
    Spawned {
        /// The number of the descriptor.
        descriptor: i32,
    },
    /// Print this text and exit: `-help`, `-h`, `-?`, `-help-debug` or `-version`.
    Print(String),
    /// An ordinary run.
    Run(Arguments),
}

/// The options and arguments of an ordinary run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arguments {
    /// The values of each option in their order: a text, `false` when negated, `true` for a negation
    /// that is negated.
    pub options: BTreeMap<String, Vec<Value>>,
    /// What follows the options.
    pub positional: Vec<String>,
}

/// Reads arguments, of which the first is the program's path.
///
/// # Errors
///
/// For an option that the program does not know, a value that does not fit, arguments after the
/// options where the program takes none, and text that is not UTF-8.
pub fn parse<A: Into<OsString>>(program: &Program, args: impl IntoIterator<Item = A>) -> Result<Invocation> {
    let args = args.into_iter().skip(1).map(|arg| {
        arg.into().into_string().map_err(|arg| Error::new(format!("{} is not UTF-8 text", arg.display())))
    });
    let args: Vec<String> = args.collect::<Result<_>>()?;
    if let [option, number] = &args[..]
        && option == "-ipcfd"
    {
        return match number.parse() {
            Ok(descriptor) => Ok(Invocation::Spawned { descriptor }),
            Err(_) => Err(Error::new(format!(
                "-ipcfd {number}: not the number of a descriptor; a parent process passes it, do not give it by hand"
            ))),
        };
    }
    let arguments = read(program, &args)?;
    let asked = |name: &str| arguments.options.contains_key(name);
    if asked("help-debug") {
        return Ok(Invocation::Print(program.help_debug_text()));
    }
    if ["help", "h", "?"].into_iter().any(asked) {
        return Ok(Invocation::Print(program.help_text()));
    }
    if asked("version") {
        return Ok(Invocation::Print(program.version_text()));
    }
    if let Some(first) = arguments.positional.first()
        && program.positional.is_none()
    {
        let text = format!("unexpected `{first}`; options begin with a dash, see {} -help", program.name);
        return Err(Error::new(text));
    }
    Ok(Invocation::Run(arguments))
}

fn read(program: &Program, args: &[String]) -> Result<Arguments> {
    let mut arguments = Arguments::default();
    for (index, arg) in args.iter().enumerate() {
        let Some(option) = arg.strip_prefix('-').filter(|rest| !rest.is_empty()) else {
            arguments.positional = args[index..].to_vec();
            break;
        };
        let option = option.strip_prefix('-').unwrap_or(option);
        if option.is_empty() {
            arguments.positional = args[index + 1..].to_vec();
            break;
        }
        let (key, value) = match option.split_once('=') {
            Some((key, value)) => (key, Some(value)),
            None => (option, None),
        };
        let (name, value) = interpret(program, key, value).map_err(|refusal| match refusal {
            Refusal::Unknown(hint) => {
                let hint = if hint.is_empty() { format!("; see {} -help", program.name) } else { hint };
                Error::new(format!("unknown option -{key}{hint}"))
            }
            Refusal::Value(text) => Error::new(text),
        })?;
        if name == "includeconf" && value != Value::Bool(false) {
            let text = "-includeconf is only for the configuration file; give a file with -conf";
            return Err(Error::new(text));
        }
        arguments.options.entry(name.to_owned()).or_default().push(value);
    }
    Ok(arguments)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::arguments::{Category, Form, LOG_OPTIONS, NETWORK_OPTIONS, OptionInfo, SHARED_OPTIONS};

    fn program() -> Program {
        let own = [
            OptionInfo::new("server", Form::Flag, Category::Rpc, "Accept commands"),
            OptionInfo::new("par", Form::Int, Category::General, "Threads").value("<n>"),
            OptionInfo::new("fee", Form::Amount, Category::Relay, "A fee").value("<amount>").debug_only(),
            OptionInfo::new("nodeid", Form::Text, Category::General, "A name that begins like a negation"),
        ];
        Program::new("bitcoin-node", "1.2.3", "A node.")
            .options(SHARED_OPTIONS)
            .options(NETWORK_OPTIONS)
            .options(LOG_OPTIONS)
            .options(&own)
    }

    fn run(args: &[&str]) -> Result<Invocation> {
        parse(&program(), std::iter::once("bitcoin-node").chain(args.iter().copied()))
    }

    fn options(args: &[&str]) -> BTreeMap<String, Vec<Value>> {
        match run(args).expect("good arguments") {
            Invocation::Run(arguments) => arguments.options,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn options_read_as_in_bitcoin_core() {
        let read = options(&[
            "-server",
            "--par=3",
            "-debug=ipc",
            "-debug",
            "-nosettings",
            "-nosettings=0",
            "-nodeid=x",
        ]);
        let expected = json!({
            "server": [""], "par": ["3"], "debug": ["ipc", ""], "settings": [false, true], "nodeid": ["x"],
        });
        assert_eq!(json!(read), expected);
    }

    #[test]
    fn a_child_is_recognised_first() {
        assert_eq!(run(&["-ipcfd", "7"]), Ok(Invocation::Spawned { descriptor: 7 }));
        assert!(run(&["-ipcfd", "x"]).expect_err("no number").text().contains("a parent process passes it"));
        assert!(run(&["-ipcfd", "7", "-server"]).is_err(), "an ordinary run without such an option");
    }

    #[test]
    fn mistakes_say_what_to_do() {
        for (args, text) in [
            (["-sever"], "unknown option -sever; did you mean -server?"),
            (["-noserver2"], "unknown option -noserver2; did you mean -noserver?"),
            (["-xyzzyplugh=1"], "unknown option -xyzzyplugh; see bitcoin-node -help"),
            (["-regtest.par=1"], "unknown option -regtest.par; see bitcoin-node -help"),
            (["-par"], "-par needs a value, as in -par=<n>"),
            (["-par=two"], "-par takes a whole number, and not `two`"),
            (["-server=yes"], "-server takes 0 or 1, and not `yes`"),
            (["-fee=1e3"], "Invalid amount for -fee=<amount>: '1e3'"),
            (["-fee"], "Invalid amount for -fee=<amount>: ''"),
            (["-nodatadir"], "-nodatadir has no meaning; leave it out"),
            (["stop"], "unexpected `stop`; options begin with a dash, see bitcoin-node -help"),
            (["-includeconf=x"], "-includeconf is only for the configuration file; give a file with -conf"),
        ] {
            assert_eq!(run(&args).expect_err("a mistake").text(), text);
        }
        #[cfg(unix)]
        {
            let bytes = std::os::unix::ffi::OsStringExt::from_vec(b"-debug=\xff".to_vec());
            let args: [OsString; 2] = ["bitcoin-node".into(), bytes];
            assert!(parse(&program(), args).is_err());
        }
    }

    #[test]
    fn help_and_version_are_printed() {
        for option in ["-help", "-?", "-h", "--help"] {
            let Ok(Invocation::Print(text)) = run(&[option]) else { panic!("{option}") };
            assert!(
                text.starts_with("bitcoin-node version 1.2.3\n\nA node.\n\nUsage: bitcoin-node [options]\n")
            );
            assert!(text.contains("\nRPC server options:\n\n  -server\n       Accept commands\n"), "{text}");
            assert!(text.contains("  -loglevel=<level>|<category>:<level>\n"), "{text}");
            assert!(text.lines().all(|line| line.len() <= 79), "{text}");
            assert!(!text.contains("  -h\n") && !text.contains("-fee"), "hidden ones");
        }
        let Ok(Invocation::Print(text)) = run(&["-help", "-help-debug"]) else { panic!("no text") };
        assert!(text.contains("\nNode relay options:\n\n  -fee=<amount>\n       A fee\n"), "{text}");
        assert!(text.contains("  -server\n") && !text.contains("  -h\n"), "{text}");
        assert_eq!(run(&["-version"]), Ok(Invocation::Print("bitcoin-node version 1.2.3\n".to_owned())));
    }

    #[test]
    fn arguments_follow_options() {
        let program = program().positional("<command>");
        let Ok(Invocation::Run(read)) = parse(&program, ["w", "-server", "create", "-par=x"]) else {
            panic!()
        };
        assert_eq!(read.positional, ["create", "-par=x"]);
        let Ok(Invocation::Run(read)) = parse(&program, ["w", "--", "-x"]) else { panic!() };
        assert_eq!(read.positional, ["-x"]);
    }

    proptest! {
        #[test]
        fn any_arguments_are_read(args in prop::collection::vec("-{0,2}(no)?[a-z=0-9.?\\PC]{0,12}", 0..6)) {
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            let _ = run(&args);
        }

        #[test]
        fn values_come_back(texts in prop::collection::vec("\\PC{0,20}", 1..5)) {
            let args: Vec<String> = texts.iter().map(|text| format!("-debug={text}")).collect();
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            prop_assert_eq!(json!(options(&args)), json!({ "debug": texts }));
        }

        #[test]
        fn numbers_come_back(number in any::<i64>()) {
            let read = options(&[&format!("-par={number}")]);
            prop_assert_eq!(&read["par"], &[json!(number.to_string())]);
        }
    }
}
