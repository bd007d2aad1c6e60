//! A look at every message before capnp-rpc sees it, and at those that leave.
//!
//! In: messages in both directions. Out: whether capnp-rpc is to see an incoming one, whether it is answered without
//! it, or ends the connection. What capnp-rpc keeps for the peer is counted here, because it bounds nothing itself.

use std::rc::Rc;
use std::sync::Arc;

use capnp_rpc::rpc_capnp::{
    call, cap_descriptor, disembargo, message, message_target, payload, promised_answer, resolve, return_,
};

use super::super::budget::Budget;
use super::answers::{Answers, Finish, Ticket};
use super::frame::Frame;
use super::imports::Imports;
use super::questions::Questions;
use crate::error::{Error, ErrorKind};

/// What is to be done with a message that has arrived.
pub(super) enum Verdict {
    /// capnp-rpc is to see it; with the ticket of the call that it is.
    Pass(Option<Rc<Ticket>>),
    /// The question is refused; the objects that came with it are released.
    Refuse { question: u32, error: Error, objects: Vec<u32> },
    /// It is of a kind that this side does not know.
    Unknown,
    /// Nothing.
    Keep,
}

/// What capnp-rpc keeps for the peer.
pub(super) struct Inspector {
    budget: Arc<Budget>,
    answers: Answers,
    questions: Questions,
    imports: Imports,
}

fn breach<T>(text: String) -> capnp::Result<T> {
    Err(capnp::Error::failed(text))
}

fn overloaded(text: String) -> Error {
    Error::new(ErrorKind::Overloaded, text)
}

/// The capabilities of a message, as far as they concern the tables.
#[derive(Default)]
struct Caps {
    /// Objects of the peer.
    objects: Vec<u32>,
    /// Answers that have been asked for.
    answers: Vec<u32>,
}

impl Inspector {
    pub(super) fn new(budget: Arc<Budget>) -> Self {
        let limits = budget.limits();
        let imports = Imports::new(limits.imported_objects(), limits.promise_depth());
        Inspector { answers: Answers::new(), questions: Questions::new(), imports, budget }
    }

    /// Whether no call is under way, in either direction.
    pub(super) fn is_idle(&self) -> bool {
        self.answers.none_is_open() && self.questions.none_is_open()
    }

    /// Whether every call of the peer is answered, and nobody here waits for an answer.
    pub(super) fn is_settled(&self) -> bool {
        self.answers.none_is_open() && self.questions.none_is_awaited()
    }

    /// Looks at a message that has arrived.
    ///
    /// # Errors
    ///
    /// When it ends the connection; the text tells the peer why.
    pub(super) fn arrives(&mut self, frame: &Frame) -> capnp::Result<Verdict> {
        let reader = frame.reader();
        match reader.get_root::<message::Reader<'_>>()?.which() {
            Ok(message::Call(call)) => self.call(call?),
            Ok(message::Bootstrap(bootstrap)) => {
                let question = bootstrap?.get_question_id();
                if self.answers.contains(question) {
                    return breach(format!("question id {question} is already in use"));
                }
                Ok(self.admit(question, 0, &[]).unwrap_or_else(|error| refuse(question, error, Vec::new())))
            }
            Ok(message::Return(answer)) => {
                frame.is_wanted();
                self.answer(answer?)?;
                Ok(Verdict::Pass(None))
            }
            Ok(message::Finish(finish)) => match self.answers.finished(finish?.get_question_id(), frame) {
                Finish::Pass => Ok(Verdict::Pass(None)),
                Finish::Keep => Ok(Verdict::Keep),
            },
            Ok(message::Resolve(resolve)) => {
                self.resolve(resolve?)?;
                Ok(Verdict::Pass(None))
            }
            Ok(message::Disembargo(disembargo)) => {
                self.disembargo(disembargo?)?;
                Ok(Verdict::Pass(None))
            }
            Ok(message::Release(_) | message::Unimplemented(_) | message::Abort(_)) => {
                Ok(Verdict::Pass(None))
            }
            Ok(
                message::Provide(_)
                | message::Accept(_)
                | message::Join(_)
                | message::ObsoleteSave(_)
                | message::ObsoleteDelete(_),
            )
            | Err(capnp::NotInSchema(_)) => Ok(Verdict::Unknown),
        }
    }

    /// Lets a question in; `depth` is that of what it waits for, and `params` are the answers among its parameters.
    fn admit(&mut self, question: u32, depth: usize, params: &[u32]) -> Result<Verdict, Error> {
        let limits = self.budget.limits();
        if self.answers.len() >= limits.calls() {
            return Err(overloaded(format!(
                "{} questions are not finished, as many as one peer may have",
                self.answers.len()
            )));
        }
        if depth >= limits.call_depth() {
            return Err(overloaded(format!(
                "more than {} calls stand one behind the other, each on an answer that has yet to come",
                limits.call_depth()
            )));
        }
        if self.answers.uses() >= limits.calls() {
            return Err(overloaded(format!(
                "answers that have yet to come are used {} times, as often as one peer may",
                self.answers.uses()
            )));
        }
        let permit = self.budget.admit()?;
        Ok(Verdict::Pass(Some(self.answers.asked(question, depth, permit, params))))
    }

    fn call(&mut self, call: call::Reader<'_>) -> capnp::Result<Verdict> {
        let question = call.get_question_id();
        if self.answers.contains(question) {
            return breach(format!("a call on in-use question id {question}"));
        }
        let caps = self.caps(call.get_params()?)?;
        let on = match call.get_target()?.which()? {
            message_target::ImportedCap(_) => None,
            message_target::PromisedAnswer(answer) => Some(promised(answer?)?),
        };
        let elsewhere = match call.get_send_results_to().which()? {
            call::send_results_to::Caller(()) => false,
            call::send_results_to::Yourself(()) => true,
            call::send_results_to::ThirdParty(_) => {
                return breach("`sendResultsTo.thirdParty` is not supported".into());
            }
        };
        if elsewhere {
            let error = Error::unimplemented("`sendResultsTo.yourself` is not supported");
            return Ok(refuse(question, error, caps.objects));
        }
        if !self.imports.have_room(caps.objects.len()) {
            let text =
                format!("this process holds {} objects of the peer, as many as it may", self.imports.len());
            return Ok(refuse(question, overloaded(text), caps.objects));
        }
        let used = caps.answers.iter().copied().chain(on);
        let depth = used.clone().map(|answer| self.answers.depth(answer)).max().unwrap_or(0);
        let verdict = match self.admit(question, depth, &caps.answers) {
            Ok(verdict) => verdict,
            Err(error) => return Ok(refuse(question, error, caps.objects)),
        };
        used.for_each(|answer| self.answers.used(answer));
        caps.objects.iter().for_each(|id| self.imports.arrives(*id));
        Ok(verdict)
    }

    fn answer(&mut self, answer: return_::Reader<'_>) -> capnp::Result<()> {
        self.questions.answered(answer)?;
        if let return_::Results(results) = answer.which()? {
            let caps = self.caps(results?)?;
            self.keep(&caps)?;
        }
        Ok(())
    }

    /// Takes capabilities in that cannot be refused.
    fn keep(&mut self, caps: &Caps) -> capnp::Result<()> {
        if !self.imports.have_room(caps.objects.len()) {
            return breach(format!(
                "more than {} objects of the peer",
                self.budget.limits().imported_objects()
            ));
        }
        caps.objects.iter().for_each(|id| self.imports.arrives(*id));
        caps.answers.iter().try_for_each(|answer| self.use_answer(*answer))
    }

    /// Notes the use of an answer where it cannot be refused.
    fn use_answer(&mut self, answer: u32) -> capnp::Result<()> {
        if self.answers.uses() >= self.budget.limits().calls() {
            return breach(format!(
                "answers that have yet to come are used more than {} times",
                self.answers.uses()
            ));
        }
        self.answers.used(answer);
        Ok(())
    }

    fn resolve(&mut self, resolve: resolve::Reader<'_>) -> capnp::Result<()> {
        let promise = resolve.get_promise_id();
        let resolve::Cap(cap) = resolve.which()? else { return Ok(()) };
        match cap?.which()? {
            cap_descriptor::SenderHosted(id) | cap_descriptor::SenderPromise(id) => {
                self.keep(&Caps { objects: vec![id], answers: Vec::new() })?;
                self.imports.resolved(promise, id)
            }
            // Such an answer could in turn be the promise.
            cap_descriptor::ReceiverAnswer(_) => {
                breach(format!("promise {promise} is resolved to an answer, which this side does not follow"))
            }
            _ => Ok(()),
        }
    }

    fn disembargo(&mut self, disembargo: disembargo::Reader<'_>) -> capnp::Result<()> {
        // Only this kind of context has a target that capnp-rpc looks at.
        let disembargo::context::SenderLoopback(_) = disembargo.get_context().which()? else { return Ok(()) };
        if let message_target::PromisedAnswer(answer) = disembargo.get_target()?.which()? {
            self.use_answer(promised(answer?)?)?;
        }
        Ok(())
    }

    /// Reads a table of capabilities.
    fn caps(&self, payload: payload::Reader<'_>) -> capnp::Result<Caps> {
        let table = payload.get_cap_table()?;
        let most = self.budget.limits().message_capabilities();
        if table.len() as usize > most {
            return breach(format!("a message with {} capabilities; one may have {most}", table.len()));
        }
        let mut caps = Caps::default();
        for cap in table {
            match cap.which()? {
                cap_descriptor::SenderHosted(id) | cap_descriptor::SenderPromise(id) => caps.objects.push(id),
                cap_descriptor::ReceiverAnswer(answer) => caps.answers.push(promised(answer?)?),
                _ => {}
            }
        }
        Ok(caps)
    }

    /// Looks at a message that leaves. Returns whether it is part of a call of ours, and a `Finish` that capnp-rpc may
    /// see now.
    pub(super) fn leaves(&mut self, message: message::Reader<'_>, bytes: usize) -> (bool, Option<Frame>) {
        match message.which() {
            Ok(message::Call(Ok(call))) => self.questions.asked(call.get_question_id()),
            Ok(message::Bootstrap(Ok(bootstrap))) => self.questions.asked(bootstrap.get_question_id()),
            Ok(message::Finish(Ok(finish))) => self.questions.finished(finish.get_question_id()),
            Ok(message::Return(Ok(answer))) => {
                let needs_finish = !answer.get_no_finish_needed();
                // capnp-rpc keeps the results, and of an exception two copies more.
                let copies = if matches!(answer.which(), Ok(return_::Exception(_))) { 3 } else { 1 };
                let kept = needs_finish.then(|| self.budget.hold_received(copies * bytes));
                return (false, self.answers.answered(answer.get_answer_id(), needs_finish, kept));
            }
            Ok(message::Release(Ok(release))) => {
                self.imports.released(release.get_id());
                return (false, None);
            }
            _ => return (false, None),
        }
        (true, None)
    }
}

fn refuse(question: u32, error: Error, objects: Vec<u32>) -> Verdict {
    Verdict::Refuse { question, error, objects }
}

/// The answer that a part of is promised.
fn promised(answer: promised_answer::Reader<'_>) -> capnp::Result<u32> {
    // As deep as pointers may be nested.
    let most = crate::wire::NESTING_LIMIT.unsigned_abs();
    let steps = answer.get_transform()?.len();
    if steps > most {
        return breach(format!("a part of an answer {steps} pointers deep; {most} are allowed"));
    }
    Ok(answer.get_question_id())
}
