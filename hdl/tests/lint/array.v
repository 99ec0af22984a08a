// An input node, a hidden node and the edge between them, by the naming convention of emitted arrays.
// The data are not those of the contract; what is right about it is its structure.

module array (
    input reset,
    input go,
    input scan,
    input strobe,
    input scan_in,
    input [3:0] sample,
    output [3:0] answer,
    output done,
    output scan_out
);
  wire node_0_phase, node_1_phase, edge_0_phase;
  wire [3:0] node_0_data, node_1_data, edge_0_data;
  wire from_node_0, from_node_1;

  input_node node_0 (
      .reset(reset), .scan(scan), .strobe(strobe), .scan_in(from_node_1), .scan_out(from_node_0),
      .request_0(edge_0_phase), .request_1(go), .in(sample), .out(node_0_data), .phase_out(node_0_phase));
  hidden_node node_1 (
      .reset(reset), .scan(scan), .strobe(strobe), .scan_in(scan_in), .scan_out(from_node_1),
      .request_0(edge_0_phase), .in(edge_0_data), .out(node_1_data), .phase_out(node_1_phase));
  edge_cell edge_0 (
      .reset(reset), .scan(scan), .strobe(strobe), .scan_in(from_node_0), .scan_out(scan_out),
      .request_0(node_0_phase), .request_1(node_1_phase), .a(node_0_data), .b(node_1_data), .out(edge_0_data),
      .phase_out(edge_0_phase));
  rest_2 rest (.i0(node_0_phase), .i1(node_1_phase), .o(done));

  assign answer = node_1_data;
endmodule

module input_node (
    input reset, input scan, input strobe, input scan_in, output scan_out,
    input request_0, input request_1, input [3:0] in, output [3:0] out, output phase_out
);
  wire enable;
  (* noglobal *) wire fire;
  join_node_input join_requests (.request_0(request_0), .request_1(request_1), .phase(phase_out), .enable(enable));
  matched_delay_2 matched_delay (.i(enable), .strobe(strobe), .fire(fire));
  register_1 phase (.clock(fire), .reset(reset), .d(scan ? scan_in : ~phase_out), .q(phase_out));
  register_4 voltage (.clock(fire), .reset(reset), .d(scan ? {out[2:0], phase_out} : in), .q(out));
  assign scan_out = out[3];
endmodule

module hidden_node (
    input reset, input scan, input strobe, input scan_in, output scan_out,
    input request_0, input [3:0] in, output [3:0] out, output phase_out
);
  wire enable;
  (* noglobal *) wire fire;
  join_node_1 join_requests (.request_0(request_0), .phase(phase_out), .enable(enable));
  matched_delay_3 matched_delay (.i(enable), .strobe(strobe), .fire(fire));
  register_1 phase (.clock(fire), .reset(reset), .d(scan ? out[3] : ~phase_out), .q(phase_out));
  register_4 voltage (.clock(fire), .reset(reset), .d(scan ? {out[2:0], scan_in} : out + in), .q(out));
  assign scan_out = phase_out;
endmodule

module edge_cell (
    input reset, input scan, input strobe, input scan_in, output scan_out,
    input request_0, input request_1, input [3:0] a, input [3:0] b, output [3:0] out, output phase_out
);
  wire enable;
  (* noglobal *) wire fire;
  wire [3:0] difference = a - b;
  join_edge join_requests (.request_0(request_0), .request_1(request_1), .phase(phase_out), .enable(enable));
  matched_delay_4 matched_delay (.i(enable), .strobe(strobe), .fire(fire));
  register_1 phase (.clock(fire), .reset(reset), .d(scan ? scan_in : ~phase_out), .q(phase_out));
  register_4 current (.clock(fire), .reset(reset), .d(scan ? {out[2:0], phase_out} : difference), .q(out));
  assign scan_out = out[3];
endmodule

module join_node_input (input request_0, input request_1, input phase, output enable);
  assign enable = (request_0 ~^ phase) & (request_1 ~^ phase);
endmodule

module join_node_1 (input request_0, input phase, output enable);
  assign enable = request_0 ~^ phase;
endmodule

module join_edge (input request_0, input request_1, input phase, output enable);
  assign enable = (request_0 ^ phase) & (request_1 ^ phase);
endmodule

module rest_2 (input i0, input i1, output o);
  assign o = i0 ~^ i1;
endmodule

module matched_delay_2 (input i, input strobe, output fire);
  wire t0, t1;
  (* keep *) LUT4 #(.INIT(16'haaaa)) lut0 (.A(i), .B(1'b0), .C(1'b0), .D(1'b0), .Z(t0));
  (* keep *) LUT4 #(.INIT(16'h8888)) lut1 (.A(t0), .B(i), .C(1'b0), .D(1'b0), .Z(t1));
  assign fire = t1 | strobe;
endmodule

module matched_delay_3 (input i, input strobe, output fire);
  wire t0, t1;
  (* keep *) SB_LUT4 #(.LUT_INIT(16'haaaa)) lut0 (.I0(i), .I1(1'b0), .I2(1'b0), .I3(1'b0), .O(t0));
  (* keep *) delay_lut #(.INIT(16'haaaa)) lut1 (.a(t0), .b(1'b0), .c(1'b0), .d(1'b0), .z(t1));
  (* keep *) LUT4 #(.INIT(16'heeee)) lut2 (.A(t1), .B(strobe), .C(1'b0), .D(1'b0), .Z(fire));
endmodule

module matched_delay_4 (input i, input strobe, output fire);
  wire t0, t1, t2, t3;
  (* keep *) LUT4 #(.INIT(16'haaaa)) lut0 (.A(i), .B(1'b0), .C(1'b0), .D(1'b0), .Z(t0));
  (* keep *) LUT4 #(.INIT(16'haaaa)) lut1 (.A(t0), .B(1'b0), .C(1'b0), .D(1'b0), .Z(t1));
  (* keep *) LUT4 #(.INIT(16'haaaa)) lut2 (.A(t1), .B(1'b0), .C(1'b0), .D(1'b0), .Z(t2));
  (* keep *) LUT4 #(.INIT(16'haaaa)) lut3 (.A(t2), .B(1'b0), .C(1'b0), .D(1'b0), .Z(t3));
  assign fire = t3 | strobe;
endmodule

module register_1 (input clock, input reset, input d, output reg q);
  always @(posedge clock or posedge reset)
    if (reset) q <= 1'b0;
    else q <= d;
endmodule

module register_4 (input clock, input reset, input [3:0] d, output reg [3:0] q);
  always @(posedge clock or posedge reset)
    if (reset) q <= 4'd0;
    else q <= d;
endmodule

// What simulators see of a vendor's LUT; the checks must take it for a primitive all the same.
module LUT4 #(parameter [15:0] INIT = 16'h0000) (input A, B, C, D, output Z);
  assign #1 Z = INIT[{D, C, B, A}];
endmodule
