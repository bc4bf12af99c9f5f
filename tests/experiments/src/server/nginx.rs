//! A web server that packs a page for every reader, so that requests cost processor time.
//!
//! Its file has every setting that an experiment changes exactly once, as agents want it.
//!
//! Start at [`Nginx::start`].

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use crate::place::{Group, put, tool};
use crate::running::Running;

use super::STARTING;

const PORT: u16 = 18_080;

/// Bytes of the page: to pack them costs about a millisecond.
const PAGE_BYTES: usize = 30_000;

/// What readers ask for.
pub(crate) const PAGE: &str = "/page.txt";

/// The limit that lets nobody wait, and the one that lets 300 a second in.
pub(crate) const LIMIT_OFF: &str = "zone=open burst=1000 nodelay";
/// See [`LIMIT_OFF`].
pub(crate) const LIMIT_ON: &str = "zone=limited burst=20 nodelay";

/// A running web server; ended when dropped.
pub(crate) struct Nginx {
    config: PathBuf,
    pid: PathBuf,
    errors: PathBuf,
    running: Running,
}

impl Nginx {
    /// Starts it in a group.
    pub(crate) fn start(folder: &Path, group: &Group, limit: f64) -> Result<Self, String> {
        let home = folder.join("nginx");
        let pages = home.join("pages");
        std::fs::create_dir_all(&pages).map_err(|it| format!("{}: {it}", pages.display()))?;
        put(&pages.join(PAGE.trim_start_matches('/')), &page())?;
        let (config, pid) = (home.join("nginx.conf"), home.join("nginx.pid"));
        let errors = home.join("error.log");
        put(&config, &written(&home, limit))?;
        let program = program();
        let path = config.display().to_string();
        tool(&program, &["-t", "-q", "-c", &path])?;
        let command = [
            program,
            "-c".to_owned(),
            path,
            "-g".to_owned(),
            "daemon off;".to_owned(),
        ];
        let running = Running::start(&command, Some(group), &folder.join("nginx.txt"))?;
        let mut nginx = Self {
            config,
            pid,
            errors,
            running: running.ending_by(rustix::process::Signal::TERM),
        };
        let answers = || std::net::TcpStream::connect(nginx_address()).is_ok();
        nginx.running.until(STARTING, answers)?;
        Ok(nginx)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        nginx_address()
    }

    /// What an agent's policy says of it.
    pub(crate) fn policy(&self) -> String {
        format!(
            "  nginx: [(name: \"\", config: {:?}, pid: {:?}, binary: {:?}, errors: {:?})],\n",
            self.config.display().to_string(),
            self.pid.display().to_string(),
            program(),
            self.errors.display().to_string()
        )
    }

    /// The value of a setting in its file.
    pub(crate) fn setting(&self, key: &str) -> Result<String, String> {
        let text = std::fs::read_to_string(&self.config);
        let text = text.map_err(|it| format!("{}: {it}", self.config.display()))?;
        value(&text, key).ok_or_else(|| format!("nginx has no {key}"))
    }

    /// Changes a setting by hand and has the server take it.
    pub(crate) fn set(&self, key: &str, wanted: &str) -> Result<(), String> {
        let text = std::fs::read_to_string(&self.config);
        let text = text.map_err(|it| format!("{}: {it}", self.config.display()))?;
        let before = value(&text, key).ok_or_else(|| format!("nginx has no {key}"))?;
        let line = |value: &str| format!("{key} {value};");
        put(&self.config, &text.replace(&line(&before), &line(wanted)))?;
        let pid = std::fs::read_to_string(&self.pid).map_err(|it| it.to_string())?;
        tool("kill", &["-HUP", pid.trim()]).map(|_| ())
    }

    /// Numbers of the workers that serve.
    pub(crate) fn workers(&self) -> Result<usize, String> {
        let pid = std::fs::read_to_string(&self.pid).map_err(|it| it.to_string())?;
        let pid = pid.trim();
        let path = format!("/proc/{pid}/task/{pid}/children");
        let children = std::fs::read_to_string(&path).map_err(|it| format!("{path}: {it}"))?;
        Ok(children.split_whitespace().count())
    }
}

fn nginx_address() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, PORT).into()
}

fn program() -> String {
    let usual = "/usr/sbin/nginx";
    match Path::new(usual).exists() {
        true => usual.to_owned(),
        false => "nginx".to_owned(),
    }
}

fn written(home: &Path, limit: f64) -> String {
    let home = home.display();
    format!(
        "worker_processes 1;
pid {home}/nginx.pid;
error_log {home}/error.log warn;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  default_type text/plain;
  client_body_temp_path {home}/body;
  proxy_temp_path {home}/proxy;
  fastcgi_temp_path {home}/fastcgi;
  uwsgi_temp_path {home}/uwsgi;
  scgi_temp_path {home}/scgi;
  keepalive_requests 100000000;
  gzip on;
  gzip_types text/plain;
  gzip_comp_level 6;
  limit_req_zone $server_port zone=open:1m rate=100000r/s;
  limit_req_zone $server_port zone=limited:1m rate={limit:.0}r/s;
  server {{
    listen 127.0.0.1:{PORT};
    root {home}/pages;
    limit_req {LIMIT_OFF};
    limit_req_log_level info;
  }}
}}
"
    )
}

/// The value of a setting that stands on a line of its own.
fn value(text: &str, key: &str) -> Option<String> {
    let mut lines = text.lines().map(str::trim);
    let found = lines.find_map(|it| it.strip_prefix(key)?.strip_prefix(' ')?.strip_suffix(';'))?;
    Some(found.to_owned())
}

/// Words in an order that packs about as well as prose.
fn page() -> String {
    const WORDS: &[&str] = &[
        "the", "of", "and", "license", "work", "program", "you", "or", "to", "source", "code",
        "covered", "terms", "this", "that", "free", "software", "copy", "rights", "users", "any",
        "general", "public", "convey", "under", "version", "a", "in", "is", "for", "by", "with",
    ];
    let mut draw = crate::draw::Draw::of(1, "page");
    let mut text = String::with_capacity(PAGE_BYTES + 16);
    while text.len() < PAGE_BYTES {
        // The square makes the first words the usual ones.
        let place = (draw.unit().powi(2) * WORDS.len() as f64) as usize;
        text.push_str(WORDS[place.min(WORDS.len() - 1)]);
        text.push(if draw.unit() < 0.1 { '\n' } else { ' ' });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_are_changed_stand_once() {
        let text = written(Path::new("/srv"), 300.0);
        for key in ["worker_processes", "gzip_comp_level", "limit_req"] {
            let lines = text.lines().map(str::trim);
            let found = lines.filter(|it| it.starts_with(&format!("{key} ")));
            assert_eq!(found.count(), 1, "{key}");
        }
        assert_eq!(value(&text, "gzip_comp_level").as_deref(), Some("6"));
        assert_eq!(value(&text, "limit_req").as_deref(), Some(LIMIT_OFF));
        assert_eq!(value(&text, "gzip_disable"), None);
    }
}
