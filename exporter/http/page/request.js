// SPDX-License-Identifier: Apache-2.0
// Request: asks the exporter, and gives the reason of a failure.

import {duration} from "./rows.js";

/** The exporter's timeout is below the page's, so that its reason arrives before the page ends the request. */
const SCRAPE_SECONDS = 10, ANSWER_SECONDS = 15;

/** Returns the body of the answer. Throws if the status is not that of a success. */
export async function ask(address, accept) {
	const headers = {Accept: accept, "X-Prometheus-Scrape-Timeout-Seconds": SCRAPE_SECONDS};
	const signal = AbortSignal.timeout(1000 * ANSWER_SECONDS);
	const response = await fetch(address, {headers, signal, cache: "no-store"});
	const text = await response.text();
	if (!response.ok)
		throw new Error(`${response.status} ${response.statusText}: ${text.trim().slice(0, 500)}`);
	return text;
}

/** Returns the reason of an error that ask() has thrown. */
export function reason(error) {
	if (error.name === "TimeoutError")
		return `no answer within ${duration(ANSWER_SECONDS)}`;
	return error instanceof TypeError ? "the exporter cannot be reached" : error.message;
}
