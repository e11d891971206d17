"use strict";
(() => {
  const find = (name) => document.getElementById(name);
  const limits = { bytes: Number(document.body.dataset.uploadBytes), megabytes: document.body.dataset.megabytes };
  const PLACE = ["left", "top", "width", "height"];
  const PATIENCE = 2000;
  const LOST = "The server was ended in the meantime, and what it was doing is lost.";
  const FILES = {
    picture: ["Save the picture", "_sharp"],
    kernel: ["Save the blur kernel (data)", "_kernel"],
    "kernel-picture": ["Save the kernel as a picture", "_kernel"],
    report: ["Save the report", "_report"],
  };

  const say = (text) => { find("announcement").textContent = text; };
  const complain = (text) => {
    find("problem").textContent = text;
    find("problem").hidden = text === "";
  };
  const inWords = (seconds) => {
    if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
    const minutes = Math.round(seconds / 60);
    return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  };

  /* The server, and this page's place in it. */
  class Server {
    constructor(handlers) {
      this.handlers = handlers;
      this.page = null;
      this.opened = this.open();
      window.addEventListener("pagehide", (event) => { if (!event.persisted) this.leave(); });
      window.addEventListener("pageshow", (event) => { if (event.persisted) this.reopen(); });
    }

    async open() {
      for (;;) {
        try {
          const answer = await this.ask("POST", "/pages");
          this.page = answer.page;
          break;
        } catch (error) {
          complain(error.message);
          await new Promise((later) => { setTimeout(later, PATIENCE); });
        }
      }
      complain("");
      this.listen();
    }

    /* The server was started again, or has forgotten this page: everything that it had is gone. */
    reopen() {
      this.stream.close();
      this.opened = this.open().then(() => this.handlers.restarted());
    }

    listen() {
      const stream = new EventSource(`/pages/${this.page}/events`);
      this.stream = stream;
      let warning = null;
      const unwarn = () => {
        clearTimeout(warning);
        warning = null;
      };
      stream.addEventListener("open", () => {
        unwarn();
        if (this.isAway) complain("");
        this.isAway = false;
      });
      stream.addEventListener("error", () => {
        if (stream.readyState === EventSource.CLOSED) {
          unwarn();
          this.reopen();
          return;
        }
        /* The browser tries again and again, and says so each time. */
        warning ??= setTimeout(() => {
          this.isAway = true;
          complain("The server does not answer. Perhaps it was ended: start it again, and this page goes on.");
        }, PATIENCE);
      });
      for (const kind of ["state", "iteration"]) {
        stream.addEventListener(kind, (event) => this.handlers[kind](JSON.parse(event.data)));
      }
    }

    leave() {
      this.stream?.close();
      if (this.page) navigator.sendBeacon(`/pages/${this.page}/close`);
    }

    /* An answer as JSON or text; whatever goes wrong becomes an error whose message is a sentence. */
    async ask(method, path, body, type) {
      let answer;
      try {
        answer = await fetch(path, { method, body, headers: type ? { "Content-Type": type } : {} });
      } catch {
        throw new Error("The server does not answer. Perhaps it was ended: start it again.");
      }
      const isJson = (answer.headers.get("Content-Type") ?? "").startsWith("application/json");
      const contents = isJson ? await answer.json() : await answer.text();
      if (!answer.ok || contents.error) throw new Error(contents.error ?? "The server is busy: try again in a moment.");
      return contents;
    }

    async upload(file) {
      await this.opened;
      return this.ask("POST", `/pages/${this.page}/pictures`, file, "application/octet-stream");
    }

    async start(picture, choices) {
      const path = `/pages/${this.page}/pictures/${picture}/jobs`;
      return (await this.ask("POST", path, JSON.stringify(choices), "application/json")).job;
    }

    at(job, path = "") {
      return `/pages/${this.page}/jobs/${job}${path}`;
    }
  }

  /* The chosen picture: shown at once by the browser itself, and described by the server. */
  class Picture {
    constructor(file, server) {
      this.file = file;
      this.name = file.name;
      this.address = URL.createObjectURL(file);
      this.server = server;
      this.send();
    }

    send() {
      this.described = this.server.upload(this.file);
      /* Who asks for it later is told of an error, too. */
      this.described.catch(() => {});
    }

    get stem() {
      return this.name.replace(/\.[^.]*$/, "") || "picture";
    }
  }

  /* The form: the picture with its region, and the options. */
  class Setup {
    constructor(server, started) {
      this.server = server;
      this.started = started;
      this.form = find("setup");
      this.image = find("picture");
      this.size = null;
      this.listenToFiles();
      this.listenToRegion();
      this.form.addEventListener("change", () => this.draw());
      this.form.addEventListener("submit", (event) => {
        event.preventDefault();
        this.submit();
      });
    }

    listenToFiles() {
      const drop = find("drop");
      find("file").addEventListener("change", (event) => this.choose(event.target.files));
      const carriesFiles = (event) => [...event.dataTransfer.types].includes("Files");
      for (const kind of ["dragenter", "dragover"]) {
        document.addEventListener(kind, (event) => {
          if (!carriesFiles(event)) return;
          event.preventDefault();
          drop.classList.add("over");
        });
      }
      document.addEventListener("dragleave", (event) => {
        if (!event.relatedTarget) drop.classList.remove("over");
      });
      document.addEventListener("drop", (event) => {
        if (!carriesFiles(event)) return;
        event.preventDefault();
        drop.classList.remove("over");
        this.choose(event.dataTransfer.files);
      });
    }

    async choose(files) {
      const file = files[0];
      if (!file) return;
      complain("");
      if (file.size > limits.bytes) {
        find("file").value = "";
        complain(`${file.name} has more than ${limits.megabytes} megabytes, the most that this page takes.`);
        return;
      }
      if (files.length > 1) complain(`One picture at a time: ${file.name} was taken.`);
      const picture = new Picture(file, this.server);
      this.picture = picture;
      this.size = null;
      find("in-region").checked = false;
      this.form.hidden = false;
      find("about").textContent = `${picture.name}: reading it …`;
      find("start").disabled = false;
      this.draw();
      await this.show(picture);
    }

    async show(picture) {
      this.image.alt = `The chosen picture, ${picture.name}`;
      this.image.src = picture.address;
      const shown = this.image.decode().then(() => true, () => false);
      try {
        const about = await picture.described;
        if (this.picture !== picture) return;
        if (!await shown) {
          picture.address = about.preview;
          this.image.src = about.preview;
        }
        this.size = { width: about.width, height: about.height };
        find("about").textContent = `${picture.name}: ${about.words}. ${about.remarks.join(" ")}`.trim();
        find("marks").setAttribute("viewBox", `0 0 ${about.width} ${about.height}`);
        this.draw();
        say(`${picture.name} is ready.`);
      } catch (error) {
        if (this.picture !== picture) return;
        this.form.hidden = true;
        this.picture = null;
        find("file").value = "";
        complain(`${picture.name}: ${error.message}`);
      }
    }

    /* What the server had of the picture is gone: it is sent once more. */
    sendAgain() {
      if (!this.picture) return;
      this.picture.send();
      this.show(this.picture);
    }

    listenToRegion() {
      const canvas = find("canvas");
      let start = null;
      const pixel = (event) => {
        const box = this.image.getBoundingClientRect();
        const along = (place, first, length, count) =>
          Math.min(Math.max(Math.round((place - first) / length * count), 0), count);
        return {
          x: along(event.clientX, box.left, box.width, this.size.width),
          y: along(event.clientY, box.top, box.height, this.size.height),
        };
      };
      canvas.addEventListener("pointerdown", (event) => {
        const draws = event.pointerType === "mouse" || find("in-region").checked;
        if (!this.size || event.button !== 0 || !draws) return;
        event.preventDefault();
        canvas.setPointerCapture(event.pointerId);
        start = pixel(event);
      });
      canvas.addEventListener("pointermove", (event) => {
        if (!start) return;
        const end = pixel(event);
        const width = Math.abs(end.x - start.x);
        const height = Math.abs(end.y - start.y);
        if (width < 2 || height < 2) return;
        find("in-region").checked = true;
        this.place = { left: Math.min(start.x, end.x), top: Math.min(start.y, end.y), width, height };
        this.draw();
      });
      for (const kind of ["pointerup", "pointercancel"]) canvas.addEventListener(kind, () => { start = null; });
      find("in-region").addEventListener("change", () => {
        if (!find("in-region").checked || !this.size) return;
        const { width, height } = this.size;
        const [across, down] = [Math.max(1, Math.round(width / 2)), Math.max(1, Math.round(height / 2))];
        this.place = { left: Math.floor((width - across) / 2), top: Math.floor((height - down) / 2), width: across, height: down };
      });
    }

    get place() {
      return Object.fromEntries(PLACE.map((name) => [name, Number(find(name).value)]));
    }

    set place(place) {
      for (const name of PLACE) find(name).value = place[name];
    }

    /* Show the parts of the form that count, and the rectangle in the picture. */
    draw() {
      const inRegion = find("in-region").checked;
      find("in-region").disabled = this.size === null;
      find("place").hidden = !inRegion;
      find("canvas").classList.toggle("touchable", inRegion);
      find("own").hidden = find("size").value !== "own";
      find("own-size").disabled = find("own").hidden;
      find("lights").disabled = find("text").checked;
      find("lights-note").hidden = !find("text").checked;
      for (const name of PLACE) find(name).disabled = !inRegion;
      if (this.size) {
        const { width, height } = this.size;
        find("left").max = width - 1;
        find("top").max = height - 1;
        find("width").max = Math.max(1, width - this.place.left);
        find("height").max = Math.max(1, height - this.place.top);
      }
      const mark = find("mark");
      mark.setAttribute("visibility", inRegion ? "visible" : "hidden");
      const { left, top, width, height } = this.place;
      Object.entries({ x: left, y: top, width, height }).forEach(([name, value]) => mark.setAttribute(name, value));
    }

    get choices() {
      const value = (name) => find(name).value;
      const chosen = {
        size: value("size"), camera: value("camera"), lights: find("text").checked ? "none" : value("lights"),
        text: find("text").checked, method: value("method"), final_step: value("final-step"),
        gamma: value("gamma"), median: value("median"),
      };
      if (chosen.size === "own") chosen.own_size = Number(value("own-size"));
      if (find("in-region").checked) chosen.region = PLACE.map((name) => this.place[name]);
      return chosen;
    }

    async submit() {
      const { picture, choices } = this;
      if (!picture) return;
      find("start").disabled = true;
      complain("");
      try {
        const about = await picture.described;
        this.started(picture, await this.server.start(about.picture, choices));
      } catch (error) {
        complain(error.message);
      } finally {
        find("start").disabled = false;
      }
    }
  }

  /* The jobs of this page: a strip of all of them, and the one that is looked at. */
  class Entries {
    constructor(server) {
      this.server = server;
      this.jobs = new Map();
      this.early = new Map();
      this.selected = null;
      find("cancel").addEventListener("click", () => this.cancel());
      find("remove").addEventListener("click", () => this.remove());
    }

    add(picture, job) {
      const entry = { job, picture, state: "waiting", place: 0, number: this.jobs.size + 1, said: 0 };
      entry.item = document.createElement("li");
      entry.button = document.createElement("button");
      entry.button.type = "button";
      entry.button.addEventListener("click", () => this.select(job));
      const [image, name, state] = ["img", "span", "span"].map((tag) => document.createElement(tag));
      image.alt = "";
      image.src = picture.address;
      name.className = "name";
      name.textContent = picture.name;
      state.className = "state";
      entry.button.append(image, name, state);
      entry.item.append(entry.button);
      Object.assign(entry, { image, label: state });
      find("strip").append(entry.item);
      this.jobs.set(job, entry);
      /* Its first event may have come before the answer that names it. */
      if (this.early.has(job)) Object.assign(entry, this.early.get(job));
      this.select(job);
      find("work").scrollIntoView({ block: "nearest" });
    }

    select(job) {
      this.selected = job;
      find("iterations").hidden = true;
      find("view").replaceChildren();
      find("view").dataset.job = "";
      this.draw();
    }

    state(told) {
      const entry = this.jobs.get(told.job);
      if (!entry) {
        this.early.set(told.job, told);
        return;
      }
      const before = entry.state;
      Object.assign(entry, told);
      if (before !== told.state) this.tell(entry);
      this.draw();
    }

    iteration(told) {
      if (told.job !== this.selected || this.jobs.get(told.job)?.state !== "running") return;
      find("latent").src = told.latent;
      find("path").src = told.kernel;
      find("where").textContent = `The camera's path, found on ${told.where}`;
      find("iterations").hidden = false;
    }

    tell(entry) {
      const words = {
        waiting: "waits", running: "is being sharpened", done: "is sharpened: the result is below",
        failed: "was not sharpened", cancelled: "was cancelled",
      };
      say(`${entry.picture.name} ${words[entry.state]}.`);
    }

    draw() {
      find("entries").hidden = this.jobs.size === 0;
      for (const entry of this.jobs.values()) {
        entry.label.textContent = this.inShort(entry);
        if (entry.small && entry.image.src !== entry.small) entry.image.src = entry.small;
        entry.button.setAttribute("aria-current", String(entry.job === this.selected));
      }
      const entry = this.jobs.get(this.selected);
      find("work").hidden = !entry;
      if (entry) this.drawSelected(entry);
    }

    inShort(entry) {
      if (entry.state === "running") return `${Math.floor(100 * (entry.share ?? 0))} % done`;
      if (entry.state === "waiting") return entry.place ? `place ${entry.place} in the queue` : "waiting";
      return { done: "sharpened", failed: "failed", cancelled: "cancelled" }[entry.state];
    }

    drawSelected(entry) {
      const isOpen = entry.state === "waiting" || entry.state === "running";
      const hadFocus = find("progress").contains(document.activeElement);
      find("work-heading").textContent = entry.state === "done" ? `${entry.picture.name}, sharpened` : entry.picture.name;
      find("progress").hidden = !isOpen;
      find("result").hidden = entry.state !== "done";
      find("remove").hidden = isOpen;
      find("ended").hidden = isOpen || entry.state === "done";
      find("ended").textContent = entry.state === "cancelled" ? "It was cancelled." : entry.error ?? "";
      if (isOpen) this.drawProgress(entry);
      else if (hadFocus) find("work-heading").focus();
      if (entry.state === "done") this.drawResult(entry);
    }

    drawProgress(entry) {
      const bar = find("bar");
      /* Without a value the bar moves to and fro. */
      const wait = () => {
        if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) bar.value = 0;
        else bar.removeAttribute("value");
      };
      if (entry.state === "waiting") {
        wait();
        find("told").textContent = `Waiting for other pictures${entry.place ? `: place ${entry.place} in the queue` : ""}.`;
        find("doing").textContent = "";
        return;
      }
      const isKnown = typeof entry.left === "number";
      if (isKnown) bar.value = entry.share;
      else if (!entry.share) wait();
      const percent = Math.floor(100 * (entry.share ?? 0));
      const left = isKnown ? `, about ${inWords(entry.left)} left` : "";
      find("told").textContent = entry.share ? `${percent} % done${left}` : "Beginning …";
      find("doing").textContent = entry.doing ? `At the moment: ${entry.doing}.` : "";
      const quarter = Math.floor(percent / 25);
      if (quarter > entry.said) {
        entry.said = quarter;
        say(`${entry.picture.name}: ${find("told").textContent}.`);
      }
    }

    drawResult(entry) {
      if (find("view").dataset.job === entry.job) return;
      find("view").dataset.job = entry.job;
      find("summary").textContent = entry.summary;
      find("confidence").hidden = typeof entry.confidence !== "number";
      find("confidence").textContent = `How sure it is that the blur was found: ${Math.round(100 * entry.confidence)} %.`;
      find("downloads").replaceChildren(...entry.files.map((what) => this.download(entry, what)));
      this.drawView(entry);
    }

    download(entry, what) {
      const item = document.createElement("li");
      const [label, ending] = FILES[what];
      if (entry.isLost) {
        item.textContent = `${label}: not any more, the server was ended`;
        return item;
      }
      const link = document.createElement("a");
      link.href = this.server.at(entry.job, `/files/${what}`);
      link.download = `${entry.picture.stem}${ending}${entry.extensions[what]}`;
      link.textContent = label;
      item.append(link);
      return item;
    }

    async drawView(entry) {
      try {
        entry.view ??= await this.server.ask("GET", this.server.at(entry.job, "/view"));
      } catch (error) {
        complain(error.message);
        return;
      }
      if (this.selected !== entry.job) return;
      find("view").innerHTML = entry.view;
      window.pydeblurReport.begin(find("view"));
    }

    async cancel() {
      try {
        await this.server.ask("POST", this.server.at(this.selected, "/cancel"));
      } catch (error) {
        complain(error.message);
      }
    }

    async remove() {
      const entry = this.jobs.get(this.selected);
      this.jobs.delete(entry.job);
      entry.item.remove();
      const others = [...this.jobs.keys()];
      if (others.length > 0) this.select(others[others.length - 1]);
      else this.select(null);
      (others.length > 0 ? find("work-heading") : find("file")).focus();
      say(`${entry.picture.name} was removed.`);
      if (entry.isLost) return;
      try {
        await this.server.ask("DELETE", this.server.at(entry.job));
      } catch (error) {
        complain(error.message);
      }
    }

    /* What had not ended is lost; results stay to be looked at. */
    lose() {
      for (const entry of this.jobs.values()) {
        entry.isLost = true;
        if (entry.state === "waiting" || entry.state === "running") {
          entry.state = "failed";
          entry.error = LOST;
          this.tell(entry);
        }
      }
      find("view").dataset.job = "";
      this.draw();
    }
  }

  const server = new Server({
    state: (told) => entries.state(told),
    iteration: (told) => entries.iteration(told),
    restarted: () => {
      entries.lose();
      setup.sendAgain();
    },
  });
  const entries = new Entries(server);
  const setup = new Setup(server, (picture, job) => entries.add(picture, job));
  setup.draw();
})();
