//! The window's own start and end.
//!
//! In: nodes to look after. Out: the window, which is drawn on this thread until it is closed.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use bitcoin::Network;
use bitcoin_init::shutdown::Shutdown;
use eframe::egui;
use jiff::tz::TimeZone;

use super::{Failure, NodeSource, fonts, keep, prefs, single};
use crate::desktop::{Desktop, Icon};
use crate::engine::{Command, Engine, Msg, Run};
use crate::link::{Around, Links};
use crate::model::Session;
use crate::model::bip21::PaymentUri;
use crate::model::prefs::Prefs;
use crate::view::{self, App, Clock, Outside};

/// What a window begins with.
pub(super) struct Start {
    shutdown: Shutdown,
    prefs: prefs::File,
    nodes: Vec<(Session, Box<dyn NodeSource>)>,
    payment: Option<PaymentUri>,
    /// Where second starts leave payment URIs, of which network.
    uris: Option<(PathBuf, Network)>,
    around: Around,
}

impl Start {
    pub(super) fn new(shutdown: Shutdown, prefs: prefs::File) -> Start {
        Start { shutdown, prefs, nodes: Vec::new(), payment: None, uris: None, around: Around::default() }
    }

    /// Looks after one more node.
    pub(super) fn add(&mut self, session: Session, source: Box<dyn NodeSource>) {
        self.nodes.push((session, source));
    }

    /// Fills in a payment that the user named on the command line.
    pub(super) fn pay(&mut self, uris: Vec<String>, network: Network) -> Result<(), String> {
        let mut uris = uris.into_iter();
        if let Some(uri) = uris.next() {
            self.payment = Some(PaymentUri::read(&uri, network)?);
        }
        match uris.next() {
            Some(_) => Err("there is more than one payment URI".to_owned()),
            None => Ok(()),
        }
    }

    /// Takes payment URIs from second starts.
    pub(super) fn hear(&mut self, socket: PathBuf, network: Network) {
        self.uris = Some((socket, network));
    }

    /// Takes note of the processes around.
    pub(super) fn surround(&mut self, around: Around) {
        self.around = around;
    }

    /// Draws the window until it is closed.
    ///
    /// # Errors
    ///
    /// There is no display, or it cannot be drawn on.
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let Start { shutdown, prefs, nodes, payment, uris, around } = self;
        let listening = Arc::new(Mutex::new(None));
        let listens = listening.clone();
        let network = nodes.first().map_or(Network::Regtest, |(session, _)| session.network);
        let title = format!("Bitcoin – {}", view::network_name(network));
        let viewport = egui::ViewportBuilder::default()
            .with_title(title.as_str())
            .with_app_id("bitcoin-gui")
            .with_inner_size([1000.0, 720.0])
            .with_min_inner_size([480.0, 360.0]);
        let options = eframe::NativeOptions {
            viewport,
            persist_window: false,
            event_loop_builder: Some(Box::new(events)),
            ..Default::default()
        };
        let code = Arc::new(AtomicI32::new(0));
        let left = code.clone();
        let drawn = eframe::run_native(
            "bitcoin-gui",
            options,
            Box::new(move |creation| {
                let ctx = creation.egui_ctx.clone();
                view::prepare(&ctx);
                let chosen = prefs.read();
                let (desktop, outside) = outside(&ctx, &title, network, &chosen)?;
                let engine = begin(&ctx, nodes, &shutdown, &around, desktop.clone())?;
                let clock = Clock { now: Box::new(now), zone: TimeZone::system() };
                let save = move |chosen: &Prefs| {
                    prefs.write(chosen);
                    desktop.like(chosen);
                };
                let mut app = App::new(engine, clock, chosen, Box::new(save));
                app.heeds(outside);
                app.leaves(left);
                app.finds(Box::new(fonts::find));
                let sent = app.payments();
                if let Some((socket, network)) = uris {
                    let (sent, ctx) = (sent.clone(), ctx.clone());
                    let take = move |uri: &str| {
                        let Ok(uri) = PaymentUri::read(uri, network) else { return false };
                        let taken = sent.send(uri).is_ok();
                        ctx.request_repaint();
                        taken
                    };
                    *listens.lock().unwrap_or_else(PoisonError::into_inner) = single::listen(socket, take);
                }
                if let Some(payment) = payment {
                    let _ = sent.send(payment);
                }
                Ok(Box::new(app))
            }),
        );
        // The socket is gone before the program is.
        drop(listening.lock().unwrap_or_else(PoisonError::into_inner).take());
        drawn.map_err(|error| format!("the window cannot be drawn: {error}"))?;
        let code = code.load(Ordering::Relaxed);
        tracing::info!(target: "gui", "The window is closed.");
        Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
    }
}

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// Takes the events of X11 where there are two kinds, since it is drawn by X11: a desktop of Wayland has Xwayland.
#[cfg(target_os = "linux")]
fn events<T: 'static>(builder: &mut winit::event_loop::EventLoopBuilder<T>) {
    use winit::platform::x11::EventLoopBuilderExtX11 as _;

    if std::env::var_os("DISPLAY").is_some_and(|display| !display.is_empty()) {
        builder.with_x11();
    }
}

#[cfg(not(target_os = "linux"))]
fn events<T>(_: &mut T) {}

/// Starts what talks to the desktop.
fn outside(
    ctx: &egui::Context,
    title: &str,
    network: Network,
    prefs: &Prefs,
) -> std::io::Result<(Desktop, Outside)> {
    let (sent, wishes) = mpsc::channel();
    let (tray, wake) = (Arc::new(AtomicBool::new(false)), ctx.clone());
    let wish = move |wish| {
        // A window that is closed wants nothing.
        let _ = sent.send(wish);
        wake.request_repaint();
    };
    let color = view::network_color(network, true);
    let icon = Icon {
        title: title.to_owned(),
        color: [color.r(), color.g(), color.b()],
        there: tray.clone(),
        wish: Arc::new(wish),
        language: prefs.language,
    };
    let desktop = Desktop::start(title, prefs, icon)?;
    let told = desktop.clone();
    Ok((desktop, Outside { wishes, tray, front: Box::new(move |front| told.front(front)) }))
}

/// Starts the engine, and a thread for each node.
fn begin(
    ctx: &egui::Context,
    nodes: Vec<(Session, Box<dyn NodeSource>)>,
    shutdown: &Shutdown,
    around: &Around,
    desktop: Desktop,
) -> Result<Engine, Box<dyn std::error::Error + Send + Sync>> {
    let links: Arc<Mutex<Option<Links>>> = Arc::default();
    let (made, wake) = (links.clone(), ctx.clone());
    let engine = Engine::start(
        move |sender| -> Box<dyn Run> {
            let links = Links::new(sender);
            *made.lock().unwrap_or_else(PoisonError::into_inner) = Some(links.clone());
            Box::new(links)
        },
        move |model| {
            desktop.hear(model);
            wake.request_repaint();
        },
    )?;
    let links = links.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let ids: Vec<_> = nodes.iter().map(|(session, _)| session.id).collect();
    for (session, source) in nodes {
        let Some(links) = &links else { break };
        let held = links.hold(session.id, session.network);
        held.note(|known| *known = around.clone());
        let name = format!("node {}", session.id);
        engine.send(Msg::Session(Box::new(session)));
        std::thread::Builder::new().name(name).spawn(move || keep::run(&held, source))?;
    }
    let (closing, shutdown, ctx) = (engine.clone(), shutdown.clone(), ctx.clone());
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        shutdown.wait();
        for id in ids {
            closing.send(Msg::Command(id, Command::Close));
        }
        ctx.request_repaint();
    })?;
    Ok(engine)
}
