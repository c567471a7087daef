// A second device of the same person: the code that this one shows, and the form that takes it there.

import { tell } from "./dialog.js";
import { el } from "./dom.js";
import { timeOfDay } from "./formatting.js";
import { offerPairing, qrOf } from "./session.js";
import { tr } from "./texts.js";

/**
 * Show the code for a second device, until it is closed.
 * @param {HTMLDialogElement} sheet
 * @param {string} event
 * @returns {Promise<void>}
 * @throws {Refused} where there is none to be had
 */
export async function showCode(sheet, event) {
  const { code, link, expires } = await offerPairing(event);
  const image = el("img.code-image", { alt: tr("QR code of the link: {link}", { link }), width: 200, height: 200 });
  image.addEventListener("error", () => (image.hidden = true)); // the gateway can't draw
  image.src = qrOf(event);
  await tell(sheet, tr("A second device"), [
    el("p", {}, tr("Open this event's page for reporters there, and give this code. You stay one reporter with one vote.")),
    image,
    el("p.code-shown", { translate: "no" }, code),
    el("p.quiet-words", {}, tr("It is good once, until {time}.", { time: timeOfDay(expires) })),
  ]);
}
