//! How a view asks for a place in the help: by a link, as it would ask for a web page.
//!
//! Whatever is drawn can hold a link. The shell takes those that begin with `help:` out of
//! what the frame asks of the system, before a browser is asked for them.
//!
//! A screen says once which place speaks of it ([`within`]); what is drawn inside can ask
//! for that ([`around`]) without being told.
//!
//! Start at [`ui`].

use eframe::egui::{
    AsIdSalt, Context, OpenUrl, OutputCommand, Response, Ui, UiBuilder, UiStackInfo,
};

/// What links into the help begin with.
pub const SCHEME: &str = "help:";

/// Under which name a part of the window says which place speaks of it.
const TAG: &str = "help";

/// Draws a link to a place in the help.
pub fn ui(ui: &mut Ui, text: &str, address: &str) -> Response {
    let response = ui
        .link(text)
        .on_hover_text(format!("Help: {}", words(address)));
    if response.clicked() {
        open(ui.ctx(), address);
    }
    response
}

/// Asks for a place in the help.
pub fn open(ctx: &Context, address: &str) {
    ctx.open_url(OpenUrl::same_tab(format!("{SCHEME}{address}")));
}

/// Takes the places in the help that were asked for in this frame.
pub fn asked(ctx: &Context) -> Vec<String> {
    let mut asked = Vec::new();
    ctx.output_mut(|output| {
        output.commands.retain(|command| {
            let address = match command {
                OutputCommand::OpenUrl(url) => url.url.strip_prefix(SCHEME),
                _ => None,
            };
            asked.extend(address.map(str::to_owned));
            address.is_none()
        });
    });
    asked
}

/// Draws a part of the window of which this place in the help speaks.
pub fn within(
    ui: &mut Ui,
    (salt, address): (impl AsIdSalt, &'static str),
    draw: impl FnOnce(&mut Ui),
) {
    let info = UiStackInfo::default().with_tag_value(TAG, address);
    let builder = UiBuilder::new().id_salt(salt).ui_stack_info(info);
    ui.scope_builder(builder, draw);
}

/// The place that speaks of the part of the window that is being drawn.
pub fn around(ui: &Ui) -> Option<&'static str> {
    let mut stack = ui.stack().iter();
    stack.find_map(|it| it.tags().get_downcast::<&'static str>(TAG).copied())
}

/// An address in words, for a hint.
fn words(address: &str) -> String {
    address.replace('#', ", ").replace('-', " ")
}
