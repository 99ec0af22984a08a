// The island with what the array says kept until the next clock: then nothing depends on an input at once, and the
// simulation need not compute everything anew whenever one may have changed.
module pins (
    input clock, rx, rest, scan_out,
    input [15:0] answer,
    output tx, go, present, scan, strobe, scan_in, reset
);
    reg rest_then = 1'b1, scan_out_then = 1'b0;
    reg [15:0] answer_then = 16'h0;
    always @(posedge clock) begin
        rest_then <= rest;
        scan_out_then <= scan_out;
        answer_then <= answer;
    end
    island island (
        .clock(clock), .rx(rx), .tx(tx),
        .rest(rest_then), .scan_out(scan_out_then), .answer(answer_then),
        .go(go), .present(present), .scan(scan), .strobe(strobe), .scan_in(scan_in), .reset(reset),
        .border_shift(), .border_word(), .answer_index(), .steps(), .close(), .phase(), .learn(),
        .desynchronous(), .rarity(), .offset(), .impose()
    );
endmodule
