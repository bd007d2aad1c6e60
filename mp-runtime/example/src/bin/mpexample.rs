//! Reads equations and has them solved in one process and printed in another.

use std::io::{BufRead, IsTerminal, Write};
use std::process::ExitCode;

use mp_example::{CalculatorInterface, InitInterface, start_log};
use mp_runtime::{Child, Error, EventLoop, Remote, Result, SpawnArgument, sibling, spawn};

const USAGE: &str = "\
Reads equations (+ - * / and brackets, decimals) from standard input, one per line, has
mpcalculator solve them and mpprinter print the answers, each in a process of its own.
Ends at `exit` or at the end of the input.

Usage: mpexample [-debug=ipc]

Options:
  -debug=ipc   Write the calls between the processes to standard error.
  -h, --help   Print this help.

RUST_LOG=ipc=debug does so for all three processes, RUST_LOG=ipc=trace shows values too.
mpcalculator and mpprinter are looked up beside this program.";

fn main() -> ExitCode {
    let mut debug = false;
    for arg in std::env::args().skip(1) {
        match arg.as_str() {
            "-debug=ipc" | "--debug=ipc" => debug = true,
            "-h" | "--help" => {
                println!("{USAGE}");
                return ExitCode::SUCCESS;
            }
            other => {
                eprintln!("mpexample: unknown argument `{other}`\n\n{USAGE}");
                return ExitCode::from(2);
            }
        }
    }
    start_log(debug);
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mpexample: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let event_loop = EventLoop::new("mpexample")?;
    let (printer_process, printer_init) = start(&event_loop, "mpprinter")?;
    let (calculator_process, calculator_init) = start(&event_loop, "mpcalculator")?;
    let calculator = calculator_init.make_calculator(printer_init.make_printer()?)?;
    ask(&*calculator)?;
    // Each process ends when nothing refers to it any more: the calculator holds the printer.
    drop((calculator, calculator_init));
    finish(calculator_process)?;
    drop(printer_init);
    finish(printer_process)
}

fn start(event_loop: &EventLoop, program: &str) -> Result<(Child, Remote<dyn InitInterface>)> {
    // The C++ programs of this example take nothing but the number of the descriptor.
    spawn(event_loop, sibling(program)?, SpawnArgument::Bare)
}

fn finish(process: Child) -> Result<()> {
    let program = process.program().display().to_string();
    let status = process.wait()?;
    if status.success() { Ok(()) } else { Err(Error::failed(format!("{program} ended with {status}"))) }
}

/// Asks for equations until there are no more.
fn ask(calculator: &dyn CalculatorInterface) -> Result<()> {
    let mut input = std::io::stdin().lock();
    let prompt = input.is_terminal();
    loop {
        if prompt {
            print!("Enter the equation, or \"exit\" to quit: ");
            std::io::stdout().flush()?;
        }
        let mut line = Vec::new();
        if input.read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        match std::str::from_utf8(&line).map(str::trim) {
            Ok("exit") => return Ok(()),
            Ok("") => {}
            Ok(equation) => calculator.solve_equation(equation)?,
            Err(_) => eprintln!("mpexample: this line is not UTF-8 text"),
        }
    }
}
