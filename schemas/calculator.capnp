# Written by mpgen from the Rust source; change that one instead.

@0xb67dbf34061180a9;

using Proxy = import "/mp/proxy.capnp";
$Proxy.include("calculator.h");
$Proxy.includeTypes("types.h");

interface CalculatorInterface $Proxy.wrap("Calculator") {
  # Solves equations, and prints the answers with the printer it was made with.

  destroy @0 (context :Proxy.Context) -> ();
  solveEquation @1 (context :Proxy.Context, eqn :Text) -> ();
  # Solves one equation.
}
