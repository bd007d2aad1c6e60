# Written by mpgen from the Rust source; change that one instead.

@0xba5a7448664901b1;

using Proxy = import "/mp/proxy.capnp";
using Calculator = import "calculator.capnp";
using Printer = import "printer.capnp";
$Proxy.include("calculator.h");
$Proxy.include("init.h");
$Proxy.include("printer.h");
$Proxy.includeTypes("types.h");

interface InitInterface $Proxy.wrap("Init") {
  # Makes what the process is for. A process that is for something else says so.

  construct @0 (threadMap :Proxy.ThreadMap) -> (threadMap :Proxy.ThreadMap);
  makeCalculator @1 (context :Proxy.Context, print :Printer.PrinterInterface) -> (result :Calculator.CalculatorInterface);
  # Makes a calculator that prints with `print`.

  makePrinter @2 (context :Proxy.Context) -> (result :Printer.PrinterInterface);
  # Makes a printer.
}
