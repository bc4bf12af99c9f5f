//! The window itself, on a virtual display: look, record, stop, reopen, export.
//!
//! The window's title says what it shows and whether it records, so that this
//! test (and a window list) can read it without looking at pixels; that plots
//! are drawn is then checked on the picture itself.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::binary::{kymo, program, run, skipped};

/// How long anything on the screen may take, on a slow machine without a GPU.
const PATIENCE: Duration = Duration::from_secs(180);

/// A virtual display, ended when dropped.
struct Display {
    child: Child,
    name: String,
}

impl Drop for Display {
    fn drop(&mut self) {
        self.child.kill().unwrap_or_default();
        self.child.wait().map(|_| ()).unwrap_or_default();
    }
}

impl Display {
    fn start(xvfb: &Path) -> Self {
        // The server picks a free number and writes it to its standard output.
        let mut child = Command::new(xvfb)
            .args([
                "-displayfd",
                "1",
                "-screen",
                "0",
                "1600x1000x24",
                "-nolisten",
                "tcp",
                // Else it starts anew, and refuses whoever comes meanwhile, each time its
                // last client leaves: such as the tool that looks for a window.
                "-noreset",
            ])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb starts");
        let mut number = String::new();
        let stdout = child.stdout.as_mut().expect("piped");
        std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut number)
            .expect("Xvfb says its number");
        let name = format!(":{}", number.trim());
        Self { child, name }
    }

    fn tool(&self, name: &str, arguments: &[&str]) -> String {
        let output = Command::new(name)
            .args(arguments)
            .env("DISPLAY", &self.name)
            .output()
            .expect("the tool runs");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Titles of Kymo's windows.
    fn title(&self) -> String {
        let ids = self.tool("xdotool", &["search", "--name", "Kymo"]);
        ids.lines()
            .map(|id| self.tool("xdotool", &["getwindowname", id]))
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// Waits for a title; a window that ended, or never says it, is told with what it said.
    fn wait_for_title(&self, window: &mut Window, part: &str) {
        let end = Instant::now() + PATIENCE;
        loop {
            let title = self.title();
            if title.contains(part) {
                return;
            }
            let ended = window.child.try_wait().expect("a child");
            assert!(
                ended.is_none() && Instant::now() < end,
                "no window title with {part}: titles {title:?}, ended {ended:?}, said {:?}",
                std::fs::read_to_string(&window.said)
            );
            std::thread::yield_now();
        }
    }

    /// Gives the window the keyboard, which a window manager would have done.
    fn focus(&self) {
        let ids = self.tool("xdotool", &["search", "--name", "Kymo"]);
        for id in ids.lines() {
            self.tool("xdotool", &["windowfocus", "--sync", id]);
        }
    }

    fn key(&self, key: &str) {
        self.tool("xdotool", &["key", "--clearmodifiers", key]);
    }

    fn write(&self, text: &str) {
        self.tool("xdotool", &["type", "--delay", "20", text]);
    }

    /// Waits until the picture stands still, so that a dialog is there to take keys.
    fn wait_for_frames(&self) {
        let folder = tempfile::tempdir().expect("a folder");
        let mut last = 0;
        wait("a dialog on the screen", || {
            let now = self.picture(&folder.path().join("now.png"));
            let still = now == last;
            last = now;
            still.then_some(())
        });
    }

    /// Takes a picture and counts its colours: an empty window has few.
    fn picture(&self, path: &Path) -> usize {
        let path = path.to_string_lossy();
        self.tool("import", &["-window", "root", &path]);
        let count = Command::new("identify")
            .args(["-format", "%k", &path])
            .output()
            .expect("identify runs");
        String::from_utf8_lossy(&count.stdout)
            .trim()
            .parse()
            .unwrap_or(0)
    }
}

/// Looks again and again until there is something.
fn wait<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "no {what} within {PATIENCE:?}");
        std::thread::yield_now();
    }
}

/// A running window, ended when dropped.
struct Window {
    child: Child,
    /// Where its standard error goes.
    said: PathBuf,
}

impl Drop for Window {
    fn drop(&mut self) {
        self.child.kill().unwrap_or_default();
        self.child.wait().map(|_| ()).unwrap_or_default();
    }
}

fn open(display: &Display, home: &Path, inputs: &[&Path]) -> Window {
    let said = home.join("window.log");
    let child = kymo(home)
        .arg("open")
        .args(inputs)
        .env("DISPLAY", &display.name)
        .env("LIBGL_ALWAYS_SOFTWARE", "1")
        .env("KYMO_NATIVE_DIALOGS", "off")
        .stderr(std::fs::File::create(&said).expect("a log"))
        .spawn()
        .expect("kymo starts");
    Window { child, said }
}

/// Presses keys one after the other and insists that they lead somewhere.
fn press_until(display: &Display, window: &mut Window, keys: &[&str], title: &str) {
    for key in keys {
        display.key(key);
        display.wait_for_frames();
    }
    display.wait_for_title(window, title);
}

/// Finished sessions: files, not the folder of a recording nor a file being written.
fn sessions(home: &Path) -> Vec<PathBuf> {
    let folder = home.join("data/kymo/sessions");
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .filter(|path| path.is_file() && path.extension().is_some_and(|it| it == "kymo"))
        .collect()
}

#[test]
fn the_main_job_by_hand() {
    let tools = ["Xvfb", "xdotool", "import", "identify"];
    if let Some(missing) = tools.iter().find(|tool| program(tool).is_none()) {
        skipped(missing);
        return;
    }
    let display = Display::start(&program("Xvfb").expect("found"));
    let home = tempfile::tempdir().expect("a home");
    let home = home.path();
    let artefacts =
        std::env::var_os("KYMO_ARTEFACTS").map_or_else(|| home.to_path_buf(), PathBuf::from);
    std::fs::create_dir_all(&artefacts).expect("a folder for pictures");

    // It watches this machine at once.
    let mut window = open(&display, home, &[]);
    display.wait_for_title(&mut window, "LIVE");
    let picture = artefacts.join("window-live.png");
    wait("drawn plots", || {
        (display.picture(&picture) > 200).then_some(())
    });

    display.focus();

    // Record: the dialog's defaults are right, Enter starts.
    press_until(&display, &mut window, &["ctrl+r", "Return"], "REC");
    wait("a recorded file on disk", || {
        let folder = home.join("data/kymo/sessions");
        std::fs::read_dir(folder).ok()?.next().map(|_| ())
    });
    display.key("ctrl+r");
    let session = wait("a finished session", || sessions(home).pop());
    drop(window);
    run(kymo(home).arg("verify").arg(&session), 0);

    // Reopen and export a report through the palette.
    let mut window = open(&display, home, &[&session]);
    display.wait_for_title(&mut window, "RECORDED");
    let picture = artefacts.join("window-recorded.png");
    wait("drawn plots", || {
        (display.picture(&picture) > 200).then_some(())
    });
    display.focus();
    display.key("ctrl+shift+p");
    display.write("export report (html)");
    display.key("Return");
    // The path that is offered is right.
    display.wait_for_frames();
    display.key("Return");
    let report = wait("a report", || {
        let folders = [
            session.parent().unwrap_or(home).to_path_buf(),
            home.to_path_buf(),
        ];
        let mut found = folders
            .iter()
            .flat_map(|it| std::fs::read_dir(it).into_iter().flatten());
        found.find_map(|entry| {
            let path = entry.ok()?.path();
            let html = path.extension().is_some_and(|it| it == "html");
            (html && std::fs::metadata(&path).ok()?.len() > 0).then_some(path)
        })
    });
    let text = std::fs::read_to_string(&report).expect("a report");
    assert!(text.to_lowercase().starts_with("<!doctype html>"));
    drop(window);
}
