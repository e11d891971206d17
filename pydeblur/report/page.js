
"use strict";
(() => {
  const LARGEST_MAGNIFICATION = 8;
  const LEAST_LARGEST_ZOOM = 4;
  const STEP = 1.5;
  const NEAR = 24;
  const MARGIN = 12;
  /* Width by height of the narrowest and of the flattest stage: a strip would leave no room to zoom into. */
  const NARROWEST = 0.5;
  const FLATTEST = 4;

  const within = (value, low, high) => Math.min(Math.max(value, low), high);

  /* The picture before and after: a view of it that is moved, and a line that divides the view. */
  class Comparison {
    constructor(root) {
      this.root = root;
      this.width = Number(root.dataset.width);
      this.height = Number(root.dataset.height);
      this.frameWidth = Math.max(this.width, NARROWEST * this.height);
      this.frameHeight = Math.max(this.height, this.width / FLATTEST);
      this.stage = root.querySelector(".stage");
      this.svg = this.stage.querySelector("svg");
      this.slider = root.querySelector("input[type=range]");
      this.status = root.querySelector(".status");
      this.zoom = 1;
      this.x = this.width / 2;
      this.y = this.height / 2;
      this.pointers = new Map();
      root.querySelector(".controls").hidden = false;
      this.stage.style.maxWidth = `calc(70vh * ${this.frameWidth / this.frameHeight})`;
      this.listen();
      new ResizeObserver(() => this.draw()).observe(this.stage);
      this.draw();
    }

    get view() {
      const width = this.frameWidth / this.zoom;
      const height = this.frameHeight / this.zoom;
      return { x: this.x - width / 2, y: this.y - height / 2, width, height };
    }

    /* The columns of the picture that are in view: the line divides these. */
    get columns() {
      const view = this.view;
      const first = Math.max(view.x, 0);
      return { first, count: Math.min(view.x + view.width, this.width) - first };
    }

    /* Where a place of the stage lies among these columns, from 0 to 1. */
    shareAt(x) {
      const { first, count } = this.columns;
      return (this.view.x + x / this.magnification - first) / count;
    }

    get line() {
      const { first, count } = this.columns;
      return first + count * this.slider.value / 100;
    }

    /* Pixels of the screen for one of the picture. */
    get magnification() {
      return (this.stage.clientWidth || 1) * this.zoom / this.frameWidth;
    }

    get largestZoom() {
      return Math.max(LEAST_LARGEST_ZOOM, LARGEST_MAGNIFICATION * this.zoom / this.magnification);
    }

    listen() {
      this.slider.addEventListener("input", () => this.draw());
      for (const button of this.root.querySelectorAll("[data-action]")) {
        button.addEventListener("click", () => this.act(button.dataset.action));
      }
      for (const box of this.root.querySelectorAll("[data-layer]")) {
        box.addEventListener("change", () => this.draw());
      }
      this.stage.addEventListener("keydown", (event) => this.key(event));
      this.stage.addEventListener("pointerdown", (event) => this.press(event));
      this.stage.addEventListener("pointermove", (event) => this.drag(event));
      for (const kind of ["pointerup", "pointercancel", "lostpointercapture"]) {
        this.stage.addEventListener(kind, (event) => this.pointers.delete(event.pointerId));
      }
      this.stage.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    }

    act(action) {
      const part = this.svg.querySelector(".frame.part");
      if (action === "whole") this.show(1, this.width / 2, this.height / 2);
      if (action === "closer") this.show(this.zoom * STEP);
      if (action === "farther") this.show(this.zoom / STEP);
      if (action === "actual") this.show(this.zoom / this.magnification);
      if (action === "part") {
        const [x, y, width, height] = ["x", "y", "width", "height"].map((name) => Number(part.getAttribute(name)));
        this.show(Math.min(this.frameWidth / width, this.frameHeight / height), x + width / 2, y + height / 2);
      }
    }

    show(zoom, x = this.x, y = this.y) {
      this.zoom = within(zoom, 1, this.largestZoom);
      this.move(x, y);
    }

    move(x, y) {
      const { width, height } = this.view;
      this.x = width < this.width ? within(x, width / 2, this.width - width / 2) : this.width / 2;
      this.y = height < this.height ? within(y, height / 2, this.height - height / 2) : this.height / 2;
      this.draw();
    }

    divide(share) {
      this.slider.value = Math.round(100 * within(share, 0, 1));
      this.draw();
    }

    draw() {
      const view = this.view;
      const pixel = 1 / this.magnification;
      const line = this.line;
      this.svg.setAttribute("viewBox", `${view.x} ${view.y} ${view.width} ${view.height}`);
      this.place(this.svg.querySelector("clipPath:first-of-type rect"), { x: 0, width: Math.max(line, 0) });
      this.place(this.svg.querySelector("clipPath:last-of-type rect"), { x: line, width: Math.max(this.width - line, 0) });
      for (const each of this.svg.querySelectorAll(".divider line")) {
        this.place(each, { x1: line, x2: line, y1: view.y, y2: view.y + view.height });
      }
      this.place(this.svg.querySelector(".handle"), { cx: line, cy: view.y + view.height / 2, r: 11 * pixel });
      this.drawLayers(view, pixel);
      this.stage.classList.toggle("zoomed", this.zoom > 1);
      this.stage.classList.toggle("magnified", this.magnification > 2);
      const share = Math.round(this.slider.value);
      this.slider.setAttribute("aria-valuetext", `before ${share} %, after ${100 - share} %`);
      const percent = Math.round(100 * this.magnification);
      this.status.textContent = `Shown at ${percent} % of its size${this.zoom > 1 ? ", a part of the picture" : ", all of it"}.`;
    }

    drawLayers(view, pixel) {
      for (const box of this.root.querySelectorAll("[data-layer]")) {
        const layer = this.svg.querySelector(`.${box.dataset.layer}`);
        layer.setAttribute("visibility", box.checked ? "visible" : "hidden");
      }
      for (const kernel of this.svg.querySelectorAll(".kernels > g")) {
        if (!("placed" in kernel.dataset)) {
          const x = view.x + MARGIN * pixel;
          const y = view.y + view.height - MARGIN * pixel - Number(kernel.dataset.height);
          kernel.setAttribute("transform", `translate(${x} ${y})`);
        }
      }
    }

    place(element, attributes) {
      for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    }

    key(event) {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
      const actions = { "+": "closer", "=": "closer", "-": "farther", 0: "whole", 1: "actual" };
      if (event.key in actions) {
        this.act(actions[event.key]);
      } else if (event.key in arrows && this.zoom > 1) {
        const [across, down] = arrows[event.key];
        this.move(this.x + 0.1 * across * this.view.width, this.y + 0.1 * down * this.view.height);
      } else if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
        this.divide((Number(this.slider.value) + 2 * arrows[event.key][0]) / 100);
      } else {
        return;
      }
      event.preventDefault();
    }

    /* Where the pointer is in the stage, in pixels of the screen. */
    position(event) {
      const box = this.stage.getBoundingClientRect();
      return { x: event.clientX - box.left - this.stage.clientLeft, y: event.clientY - box.top - this.stage.clientTop };
    }

    press(event) {
      if (event.button !== 0) return;
      const position = this.position(event);
      this.stage.setPointerCapture(event.pointerId);
      this.pointers.set(event.pointerId, position);
      const line = (this.line - this.view.x) * this.magnification;
      this.dividing = this.zoom === 1 || Math.abs(position.x - line) < NEAR;
      if (this.dividing && this.pointers.size === 1) this.divide(this.shareAt(position.x));
    }

    drag(event) {
      const before = this.pointers.get(event.pointerId);
      if (before === undefined) return;
      const position = this.position(event);
      const others = [...this.pointers].filter(([pointer]) => pointer !== event.pointerId);
      this.pointers.set(event.pointerId, position);
      if (others.length > 0) {
        const other = others[0][1];
        const distance = (place) => Math.max(1, Math.hypot(place.x - other.x, place.y - other.y));
        this.zoomAbout(distance(position) / distance(before), (position.x + other.x) / 2, (position.y + other.y) / 2);
      } else if (this.dividing) {
        this.divide(this.shareAt(position.x));
      } else {
        const pixel = 1 / this.magnification;
        this.move(this.x - (position.x - before.x) * pixel, this.y - (position.y - before.y) * pixel);
      }
    }

    wheel(event) {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const position = this.position(event);
      this.zoomAbout(Math.exp(-within(event.deltaY, -100, 100) / 300), position.x, position.y);
    }

    /* What is under a place of the stage stays there. */
    zoomAbout(factor, x, y) {
      const across = x / this.stage.clientWidth - 0.5;
      const down = y / this.stage.clientHeight - 0.5;
      const before = this.view;
      this.zoom = within(this.zoom * factor, 1, this.largestZoom);
      const after = this.view;
      this.move(this.x + across * (before.width - after.width), this.y + down * (before.height - after.height));
    }
  }

  const begin = (root) => {
    for (const each of root.querySelectorAll("[data-comparison]")) new Comparison(each);
  };
  window.pydeblurReport = { begin };
  begin(document);
})();
