//! Equations: `+ - * /`, brackets, decimals.
//!
//! In: a text. Out: its value, exact to 28 digits, or what is wrong with it and where.

use rust_decimal::Decimal;

/// How deep brackets and signs may nest.
const DEPTH: usize = 100;

/// Why an equation has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EquationError {
    /// Something else is needed at this column, counted from 1.
    Expected {
        /// What.
        what: &'static str,
        /// What is there.
        found: String,
        /// Where.
        column: usize,
    },
    /// A division by zero.
    DivisionByZero,
    /// A number or a result has too many digits.
    TooLarge,
    /// Brackets nest too deeply.
    TooDeep,
}

impl std::fmt::Display for EquationError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            EquationError::Expected { what, found, column } => {
                write!(f, "expected {what} at column {column}, found {found}")
            }
            EquationError::DivisionByZero => f.write_str("division by zero"),
            EquationError::TooLarge => f.write_str("a number has more than 28 digits"),
            EquationError::TooDeep => write!(f, "more than {DEPTH} brackets or signs inside each other"),
        }
    }
}

impl std::error::Error for EquationError {}

/// The value of an equation; a `=` at its end is allowed.
///
/// # Errors
///
/// When it is not an equation, or has no value.
pub fn solve(text: &str) -> Result<Decimal, EquationError> {
    let text = text.trim_end();
    let mut parser = Parser { text: text.strip_suffix('=').unwrap_or(text), at: 0, depth: 0 };
    let value = parser.sum()?;
    match parser.peek() {
        None => Ok(value.normalize()),
        Some(_) => Err(parser.expected("an operator or the end")),
    }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&mut self) -> Option<char> {
        let rest = self.text[self.at..].trim_start();
        self.at = self.text.len() - rest.len();
        rest.chars().next()
    }

    fn take(&mut self, wanted: &[char]) -> Option<char> {
        let next = self.peek().filter(|next| wanted.contains(next))?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn expected(&mut self, what: &'static str) -> EquationError {
        let found = self.peek().map_or_else(|| "the end".to_owned(), |next| format!("`{next}`"));
        EquationError::Expected { what, found, column: self.text[..self.at].chars().count() + 1 }
    }

    fn sum(&mut self) -> Result<Decimal, EquationError> {
        let mut value = self.product()?;
        while let Some(operator) = self.take(&['+', '-', '−']) {
            let right = self.product()?;
            let sum = if operator == '+' { value.checked_add(right) } else { value.checked_sub(right) };
            value = sum.ok_or(EquationError::TooLarge)?;
        }
        Ok(value)
    }

    fn product(&mut self) -> Result<Decimal, EquationError> {
        let mut value = self.factor()?;
        while let Some(operator) = self.take(&['*', '×', '/', '÷']) {
            let right = self.factor()?;
            value = if matches!(operator, '*' | '×') {
                value.checked_mul(right).ok_or(EquationError::TooLarge)?
            } else if right.is_zero() {
                return Err(EquationError::DivisionByZero);
            } else {
                value.checked_div(right).ok_or(EquationError::TooLarge)?
            };
        }
        Ok(value)
    }

    /// A number, a sign before one, or a bracket.
    fn factor(&mut self) -> Result<Decimal, EquationError> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(EquationError::TooDeep);
        }
        let value = match self.take(&['-', '−', '+', '(']) {
            Some('-' | '−') => -self.factor()?,
            Some('+') => self.factor()?,
            Some(_) => {
                let value = self.sum()?;
                self.take(&[')']).ok_or_else(|| self.expected("`)`"))?;
                value
            }
            None => self.number()?,
        };
        self.depth -= 1;
        Ok(value)
    }

    fn number(&mut self) -> Result<Decimal, EquationError> {
        self.peek();
        let rest = &self.text[self.at..];
        let length = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let digits = &rest[..length];
        if !digits.contains(|c: char| c.is_ascii_digit()) || digits.matches('.').count() > 1 {
            return Err(self.expected("a number"));
        }
        let number = digits.trim_end_matches('.');
        let number = if number.starts_with('.') { format!("0{number}") } else { number.to_owned() };
        let value = Decimal::from_str_exact(&number).map_err(|_| EquationError::TooLarge)?;
        self.at += length;
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> String {
        match solve(text) {
            Ok(value) => value.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn equations_have_exact_values() {
        assert_eq!(value("2+2"), "4");
        assert_eq!(value("0.1 + 0.2"), "0.3");
        assert_eq!(value("2 + 3 * 4 - 6 / 2"), "11");
        assert_eq!(value("-(1 + 2) * -.5"), "1.5");
        assert_eq!(value("1 - 2 - 3 ="), "-4");
        assert_eq!(value("8 / 2 / 2"), "2");
        assert_eq!(value("21000000 * 100000000"), "2100000000000000");
        assert_eq!(value("5 × 2 ÷ 4"), "2.5");
    }

    #[test]
    fn nonsense_is_named() {
        assert_eq!(value(""), "expected a number at column 1, found the end");
        assert_eq!(value("2 +"), "expected a number at column 4, found the end");
        assert_eq!(value("2 2"), "expected an operator or the end at column 3, found `2`");
        assert_eq!(value("(1 + 2"), "expected `)` at column 7, found the end");
        assert_eq!(value("1.2.3"), "expected a number at column 1, found `1`");
        assert_eq!(value("what?"), "expected a number at column 1, found `w`");
        assert_eq!(value("1 / (2 - 2)"), "division by zero");
        assert_eq!(value(&"9".repeat(40)), "a number has more than 28 digits");
        assert_eq!(value(&"(".repeat(5000)), "more than 100 brackets or signs inside each other");
        assert_eq!(value(&"-".repeat(5000)), "more than 100 brackets or signs inside each other");
    }
}
